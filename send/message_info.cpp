#include "send/message_info.hpp"

#include "base/sys/file.hpp"

#include <system_error>
#include <utility>

namespace grapnel::send {

namespace {
constexpr std::size_t longest_info = 256u << 20;
}

std::optional<MessageInfo> read_message_info(const queue::Spool& spool, queue::MessageNumber n)
{
    try {
        const Fd file = open_read(spool.info(n));
        const auto birth = status(file.get()).st_mtime;
        auto info = queue::decode_info(read_all(file.get(), longest_info));
        if (!info) return std::nullopt;
        return MessageInfo{std::move(*info), birth};
    } catch (const std::system_error&) {
        return std::nullopt;
    }
}

}
