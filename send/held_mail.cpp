#include "send/held_mail.hpp"

#include "base/mail/date.hpp"
#include "base/sys/file.hpp"
#include "base/sys/log.hpp"
#include "queue/json_text.hpp"
#include "send/recipient_state.hpp"
#include "send/wishes.hpp"

#include <fcntl.h>

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

namespace grapnel::send {

namespace {

constexpr std::size_t longest_shown = 1100, longest_file = 64 << 20;

void add_recipients(const std::string& path, std::vector<std::string>& recipients)
{
    const auto bytes = read_file_if_there(path, longest_file);
    if (!bytes) return;
    for (auto& record : queue::decode_channel_file(*bytes).records)
        recipients.push_back(std::move(record.address));
}

bool waits(const MessageInfo& info, std::time_t now)
{
    return is_held(info, now) && !is_silent(info);
}

std::optional<HeldMessage> look_at(const queue::Spool& spool, queue::MessageNumber n,
                                   std::time_t now)
{
    const auto info = read_message_info(spool, n);
    if (!info || !waits(*info, now)) return std::nullopt;
    HeldMessage message;
    message.number = n;
    message.until = *hold_until(info->message);
    message.since = info->birth;
    message.sender = info->sender;
    if (const auto* id = info->message.find("id")) message.id = *id;
    try {
        if (status_if_there(queue::Spool::todo(n))) return std::nullopt;   // being taken in
        const auto mess = status_if_there(spool.mess(n));
        if (mess) message.bytes = static_cast<std::uint64_t>(mess->st_size);
        add_recipients(spool.local(n), message.recipients);
        add_recipients(spool.remote(n), message.recipients);
    } catch (const std::system_error&) {
        return std::nullopt;
    }
    return message;
}

// As qmail-send does it: whole, durable, renamed, with its time.
void replace_info(const queue::Spool& spool, queue::MessageNumber n, const MessageInfo& info)
{
    const auto path = spool.info(n), fresh = new_info(spool, n);
    Fd file = open_file(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    write_all(file.get(), queue::encode(info), fresh);
    set_times(fresh, info.birth);
    sync(file.get(), fresh);
    file.close_checked(fresh);
    rename_file(fresh, path);
    sync_directory(spool.directory_of("info", n));
}

std::string shown(std::string_view text) { return printable(text, longest_shown); }

}

std::vector<HeldMessage> held_messages(const queue::Spool& spool, std::time_t now)
{
    std::vector<HeldMessage> messages;
    for (unsigned part = 0; part < spool.split(); ++part)
        for (const auto& name : list_directory("info/" + std::to_string(part)))
            if (const auto n = queue::message_number(name))
                if (auto message = look_at(spool, *n, now)) messages.push_back(std::move(*message));
    std::sort(messages.begin(), messages.end(), [](const auto& a, const auto& b) {
        return std::pair(a.until, a.number) < std::pair(b.until, b.number);
    });
    return messages;
}

grapnel::Result<> obey_offline(const queue::Spool& spool, const HoldRequest& request,
                               std::time_t now)
{
    auto info = read_message_info(spool, request.message);
    if (!info || !waits(*info, now)) return permanent("is not held");
    if (request.kind == HoldRequest::Kind::release)
        info->message.set("hold-until", std::to_string(now));
    else
        make_silent(*info);
    replace_info(spool, request.message, *info);
    // Due at once when qmail-send starts.
    for (const auto& path : {spool.local(request.message), spool.remote(request.message)})
        if (status_if_there(path)) set_times(path, now);
    return {};
}

std::string line_about(const HeldMessage& message)
{
    std::string to = std::to_string(message.recipients.size());
    if (message.recipients.size() == 1) to = '<' + shown(message.recipients.front()) + '>';
    return '#' + std::to_string(message.number) + "  until " + date_822(message.until) + "  " +
           std::to_string(message.bytes) + "  <" + shown(message.sender) + ">  to=" + to +
           (message.id.empty() ? "" : "  id=" + shown(message.id)) + '\n';
}

std::string json_about(const HeldMessage& message)
{
    std::string to;
    for (const auto& recipient : message.recipients)
        to += (to.empty() ? "" : ",") + queue::json_text(recipient);
    return "{\"number\":" + std::to_string(message.number) +
           ",\"id\":" + (message.id.empty() ? "null" : queue::json_text(message.id)) +
           ",\"until\":" + std::to_string(message.until) +
           ",\"since\":" + std::to_string(message.since) +
           ",\"bytes\":" + std::to_string(message.bytes) +
           ",\"sender\":" + queue::json_text(message.sender) + ",\"recipients\":[" + to + "]}";
}

}
