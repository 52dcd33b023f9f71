#include "remote/program_file.hpp"

#include "base/sys/fd.hpp"
#include "base/sys/file.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <system_error>

namespace grapnel::remote {

namespace {

bool starts_as_binary(const std::string& path)
{
    constexpr std::string_view magic = "\177ELF";
    std::array<char, magic.size()> first{};
    try {
        const Fd file = open_read(path);
        const auto count = read_some(file.get(), first.data(), first.size());
        return std::string_view(first.data(), count) == magic;
    } catch (const std::system_error&) {
        return true;   // its interpreter would have to read a script
    }
}

}

ProgramFile::ProgramFile(std::string name, std::string_view search)
{
    for (const auto directory : split(search, ':'))
        candidates_.push_back((directory.empty() ? "." : std::string(directory)) + '/' + name);
}

bool ProgramFile::changed()
{
    struct stat now {};
    std::string found;
    for (const auto& candidate : candidates_) {
        if (::stat(candidate.c_str(), &now) != 0 || !S_ISREG(now.st_mode)) continue;
        if (::access(candidate.c_str(), X_OK) != 0) continue;
        found = candidate;
        break;
    }
    if (found.empty()) now = {};
    if (found == path_ && is_unchanged(seen_, now)) return false;
    path_ = found;
    seen_ = now;
    is_binary_ = !found.empty() && starts_as_binary(found);
    return true;
}

}
