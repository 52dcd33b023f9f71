// Every sample message: ours beside this file and, where it is there, the corpus; and what is to
// become of it.
#pragma once

#include <string>
#include <vector>

namespace grapnel::test {

struct Sample {
    std::string name;    // "legacy/000.eml"
    std::string bytes;   // as in the file
};
std::vector<Sample> sample_messages();

// As a client sends it: where the file knows only LF these become CR LF, else it goes as it is;
// dots are doubled. Without the final dot line, but with a last line end.
std::string wire_form(const Sample& sample);

// What the contract says of it: "250", "550 5.6.0" (bare CR or LF), "554 5.6.0" (NUL in the
// header).
std::string fate(const std::string& wire);

}
