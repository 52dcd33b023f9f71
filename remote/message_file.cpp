#include "remote/message_file.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include <unistd.h>

namespace grapnel::remote {

namespace {
// One for all deliveries of this thread: a piece is used up before anybody waits.
thread_local std::array<char, 65536> buffer;
}

std::optional<TextFacts> MessageFile::facts()
{
    const off_t start = ::lseek(descriptor_, 0, SEEK_CUR);
    if (start < 0) return std::nullopt;
    off_t offset = start;
    TextFacts facts;
    for (;;) {
        const auto count = ::pread(descriptor_, buffer.data(), buffer.size(), offset);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw UnreadableMessage(std::string(reason(errno)));
        if (count == 0) break;
        const std::string_view piece(buffer.data(), static_cast<std::size_t>(count));
        if (offset == start) valid_since_ = valid_since_fields(piece);
        facts.add(piece);
        offset += count;
    }
    facts.finish();
    return facts;
}

std::string_view MessageFile::next()
{
    try {
        return {buffer.data(), read_some(descriptor_, buffer.data(), buffer.size())};
    } catch (const std::system_error& error) {
        throw UnreadableMessage(error.what());
    }
}

}
