// .qmail text becomes a list of instructions; an address becomes the names of the files to try
// (dot-qmail(5)). Pure.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::local {

struct Instruction {
    enum class Kind { mbox, maildir, program, forward };
    Kind kind;
    std::string argument;   // the rest of the line
    bool refused =
        false;   // a file or program below +list or in a file with the x bit: deliveries end here
    // What a file name, a program or an address can hold of it: a NUL ends it.
    std::string operand() const { return argument.substr(0, argument.find('\0')); }
    bool operator==(const Instruction&) const = default;
};

// Comments and blank lines are gone. Failure: the first line is blank, which is how users say
// "being edited".
Result<std::vector<Instruction>> parse_dot_qmail(std::string_view text, bool forward_only);

// A file that may hold the instructions of an address.
struct Candidate {
    std::string name;
    std::optional<std::string>
        rest;   // what "default" in the name stands for; nullopt: it is no such name
    bool operator==(const Candidate&) const = default;
};

// Lower case, dots made colons: nothing in it climbs out of the home.
std::string safe_extension(std::string_view extension);

// In the order in which they are tried. Names in which the extension would bring a slash are left
// out.
std::vector<Candidate> dot_qmail_names(std::string_view dash, std::string_view extension);

// ".qmail" dash extension ending: "-owner", "-owner-default". nullopt where the extension holds a
// slash.
std::optional<std::string> owner_file(std::string_view dash, std::string_view extension,
                                      std::string_view ending);

}
