// A program that reads what we make of our own input: for the tools that put lines on top of a
// message.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace grapnel {

struct Feed {
    std::vector<std::string> words;   // program, sought in PATH, and its arguments
    std::string name;                 // ours, for what is said when the program cannot be run
    std::string head;                 // goes before our descriptor 0
    int exec_failed_never = 111;
};

// Runs the program with head and our input on its descriptor 0; returns its exit code. Throws Stop
// 111 where it crashed or could not be fed. Once it has stopped reading, how it ends is all that
// counts.
int feed(const Feed& feed);

}
