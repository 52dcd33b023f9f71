#include "remote/message_file.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include <unistd.h>

namespace grapnel::remote {

std::optional<TextFacts> MessageFile::facts()
{
    off_t offset = ::lseek(descriptor_, 0, SEEK_CUR);
    if (offset < 0) return std::nullopt;
    TextFacts facts;
    for (;;) {
        const auto count = ::pread(descriptor_, buffer_.data(), buffer_.size(), offset);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw UnreadableMessage(std::string(reason(errno)));
        if (count == 0) break;
        facts.add({buffer_.data(), static_cast<std::size_t>(count)});
        offset += count;
    }
    facts.finish();
    return facts;
}

std::string_view MessageFile::next()
{
    try {
        return {buffer_.data(), read_some(descriptor_, buffer_.data(), buffer_.size())};
    } catch (const std::system_error& error) {
        throw UnreadableMessage(error.what());
    }
}

}
