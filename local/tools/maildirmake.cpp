// Makes a maildir. maildirmake(1).
#include "base/sys/error.hpp"
#include "base/sys/program.hpp"

#include <sys/stat.h>

#include <cerrno>

using namespace grapnel;

namespace {

void make(const std::string& path)
{
    if (::mkdir(path.c_str(), 0700) != 0)
        throw Stop{111, "fatal: unable to mkdir " + path + ": " + std::string(reason(errno))};
}

}

int main(int, char** words)
{
    return run("maildirmake", [&] {
        if (!words[1]) throw Stop{100, "usage: maildirmake name"};
        const std::string name = words[1];
        ::umask(077);
        make(name);
        for (const auto* part : {"/tmp", "/new", "/cur"}) make(name + part);
        return 0;
    });
}
