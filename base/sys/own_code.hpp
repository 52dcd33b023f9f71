// Whether a program in bin/ is the one of this very build: then who holds its code, or does its
// work, need not start it. Any other program of that name is to be executed.
#pragma once

#include "base/sys/watched.hpp"

#include <string>
#include <utility>

namespace grapnel {

class OwnCode {
public:
    // id: see build_id.hpp
    OwnCode(std::string path, std::string id) : file_(std::move(path)), id_(std::move(id)) {}
    void refresh();   // looks at the file, and into it when it has changed
    bool is_in_file() const { return found_; }

private:
    Watched file_;
    std::string id_;
    bool found_ = false;
};

}
