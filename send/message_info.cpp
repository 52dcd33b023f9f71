#include "send/message_info.hpp"

#include "base/sys/file.hpp"
#include "send/recipient_state.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace grapnel::send {

namespace {
constexpr std::size_t longest_info = 256u << 20;
}

MessageInfo only_of(const MessageInfo& info, queue::Position position)
{
    MessageInfo part{{info.sender, info.message, {}, 0}, info.birth};
    const auto most = std::max_element(
        info.recipients.begin(), info.recipients.end(),
        [](const auto& a, const auto& b) { return attempts(a.second) < attempts(b.second); });
    if (most != info.recipients.end()) part.recipients.insert(*most);
    const auto own = info.recipients.find(position);
    if (own != info.recipients.end()) part.recipients.insert(*own);
    return part;
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
