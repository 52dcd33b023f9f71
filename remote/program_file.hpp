// A program's file as PATH finds it, and whether it is still the same one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>

namespace grapnel::remote {

class ProgramFile {
public:
    // search: PATH. Empty: there is none that could be found.
    ProgramFile(std::string name, std::string_view search);

    // Looks again. True: another file is there now, or none, or for the first time one.
    bool changed();
    // No script, which may do anything with arguments that it does not expect.
    bool is_binary() const { return is_binary_; }
    const std::string& path() const { return path_; }

private:
    std::vector<std::string> candidates_;
    std::string path_;
    struct stat seen_ {};
    bool is_binary_ = false;
};

}
