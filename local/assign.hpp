// users/assign, the text that users/cdb is made of, line by line (qmail-users(5)). Pure.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace grapnel::local {

struct Assignment {
    std::string key, data;   // as they stand in the table
};

class AssignReader {
public:
    // line: without its LF. complete: it had one.
    enum class Outcome { assignment, end, malformed };
    Outcome take(std::string_view line, bool complete, Assignment& assignment);

    // The last bytes of all wildcards, in order of appearance: what stands under the empty key.
    const std::string& last_bytes() const { return last_bytes_; }

private:
    std::string last_bytes_;
};

}
