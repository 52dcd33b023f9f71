// A message as it stands in an mbox file (mbox(5), the reversible "mboxrd" quoting): ">" before
// each line that is any number of ">" and then "From ". Streaming, with five bytes of memory. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace grapnel::local {

class MboxQuoting {
public:
    void take(std::string_view bytes, std::string& output);   // appends to output
    void finish(std::string& output);   // completes a last line, and the empty line after it

private:
    // Within the run of ">" a line may begin with; so many bytes of "From " seen behind it;
    // elsewhere in a line.
    enum class State { quotes, from, rest } state_ = State::quotes;
    std::size_t matched_ = 0;
    bool at_line_start_ = true;
};

}
