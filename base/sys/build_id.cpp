#include "base/sys/build_id.hpp"

#include "base/sys/fd.hpp"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace grapnel {

namespace {

std::string first_page(const std::string& path)
{
    std::array<char, 4096> bytes;
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    const auto count = file ? ::pread(file.get(), bytes.data(), bytes.size(), 0) : 0;
    return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

std::string from_hexadecimal(std::string_view digits)
{
    const auto value = [](char digit) { return digit >= 'a' ? digit - 'a' + 10 : digit - '0'; };
    std::string bytes;
    for (std::size_t at = 0; at + 1 < digits.size(); at += 2)
        bytes += static_cast<char>(value(digits[at]) * 16 + value(digits[at + 1]));
    return bytes;
}

std::string word(std::uint32_t number)
{
    return {reinterpret_cast<const char*>(&number), sizeof number};
}

}

bool has_build_id(const std::string& path, std::string_view id)
{
    const auto bytes = from_hexadecimal(id);
    if (bytes.empty()) return false;
    const auto page = first_page(path);
    if (!page.starts_with(ELFMAG)) return false;
    const std::string name(ELF_NOTE_GNU, sizeof ELF_NOTE_GNU);
    const auto note = word(static_cast<std::uint32_t>(name.size())) +
                      word(static_cast<std::uint32_t>(bytes.size())) + word(NT_GNU_BUILD_ID) +
                      name + bytes;
    return page.find(note) != std::string::npos;
}

}
