// Whether files have changed, for programs that live long.
#pragma once

#include <string>
#include <vector>

#include <sys/stat.h>

namespace grapnel::remote {

// By inode, size and times, for each of them.
class FileWatch {
public:
    explicit FileWatch(std::vector<std::string> paths);
    // Since the last call that said so, or ever. A change too fresh for the clock to tell it from
    // the next one is reported twice.
    bool changed();

private:
    std::vector<std::string> paths_;
    std::vector<struct stat> seen_;   // zeros: it was not there
    bool settled_ = false;
};

}
