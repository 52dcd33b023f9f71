// Whether bin/qmail-local is made of the code that we hold ourselves: then a delivery may run it
// right after the fork, with nothing to load. Any other qmail-local is a program to be executed.
#pragma once

#include "local/watched.hpp"

#include <string>
#include <utility>

namespace grapnel::local {

extern const char code_mark[];   // of the code of deliveries; the same in all programs of one build

class OwnCode {
public:
    explicit OwnCode(std::string path) : file_(std::move(path)) {}
    void refresh();   // before each fork: looks at the file, and into it when it has changed
    bool is_in_file() const { return found_; }

private:
    Watched file_;
    bool found_ = false;
};

}
