// A file, or none, as it was when we last looked.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <utility>

namespace grapnel {

class Watched {
public:
    explicit Watched(std::string path) : path_(std::move(path)) {}
    const std::string& path() const { return path_; }
    bool changed();   // since the last call, by stat. Throws

private:
    std::string path_;
    std::optional<struct stat> seen_;
};

}
