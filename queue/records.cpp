#include "queue/records.hpp"

#include "base/text.hpp"

namespace grapnel::queue {

std::string encode_todo_head(std::uint64_t uid, std::uint64_t pid, const Extensions& message,
                             std::string_view sender)
{
    std::string bytes = 'u' + std::to_string(uid) + '\0' + 'p' + std::to_string(pid) + '\0';
    if (!message.empty()) bytes += encode_todo_tail(pid, message);
    bytes += 'F';
    return bytes.append(sender) + '\0';
}

std::string encode_todo_recipient(std::string_view recipient)
{
    return std::string("T").append(recipient) + '\0';
}

std::string encode_todo_tail(std::uint64_t pid, const Extensions& recipient)
{
    return 'p' + std::to_string(pid) + encode_tail(recipient) + '\0';
}

std::string encode(const Todo& todo)
{
    std::string bytes = encode_todo_head(todo.uid, todo.pid, todo.extensions.message, todo.sender);
    for (std::size_t i = 0; i < todo.recipients.size(); ++i) {
        bytes += encode_todo_recipient(todo.recipients[i]);
        const auto found = todo.extensions.recipients.find(i);
        if (found != todo.extensions.recipients.end() && !found->second.empty())
            bytes += encode_todo_tail(todo.pid, found->second);
    }
    return bytes;
}

namespace {

std::string_view after_digits(std::string_view text)
{
    while (!text.empty() && is_digit(text.front())) text.remove_prefix(1);
    return text;
}

}

namespace {

Failure not_known(const UnreadRecords& unread)
{
    return temporary("extension record " + unread.required + " is not known here");
}

}

Result<Todo> decode_todo(std::string_view bytes, std::optional<Todo>* head)
{
    Todo todo;
    UnreadRecords unread;
    bool sender_seen = false, pid_seen = false;
    const auto take_pid = [&](std::string_view text) {
        todo.pid = leading_number(text).value_or(0);
        const auto extensions = decode_tail(after_digits(text), &unread);
        if (std::exchange(pid_seen, true) && !extensions.empty()) {
            auto& level = todo.recipients.empty()
                              ? todo.extensions.message
                              : todo.extensions.recipients[todo.recipients.size() - 1];
            for (const auto& [name, value] : extensions.records()) level.set(name, value);
        }
    };
    while (const auto record = take_until(bytes, '\0')) {
        const char letter = record->empty() ? '\0' : record->front();
        const auto text = record->empty() ? *record : record->substr(1);
        switch (letter) {
        case 'u':
            todo.uid = leading_number(text).value_or(0);
            break;
        case 'p':
            take_pid(text);
            break;
        case 'F':
            if (std::exchange(sender_seen, true)) break;
            todo.sender = text;
            if (head) *head = todo;
            break;
        case 'T':
            todo.recipients.emplace_back(text);
            break;
        default:
            return temporary("unknown record type");
        }
    }
    if (!sender_seen) return temporary("no sender");
    if (!unread.required.empty()) return not_known(unread);
    todo.skipped_records = unread.malformed;
    return todo;
}

std::string encode(const Info& info)
{
    std::string bytes = 'F' + info.sender + '\0';
    for (const auto& [name, value] : info.message.records())
        bytes += encode_record(name, value) + '\0';
    for (const auto& [position, extensions] : info.recipients)
        for (const auto& [name, value] : extensions.records()) {
            bytes += static_cast<char>(position.channel);
            bytes += std::to_string(position.index) + ':' + encode_record(name, value) + '\0';
        }
    return bytes;
}

namespace {

// "r12:" at the front of a record names a position; anything else belongs to the message.
std::optional<Position> take_position(std::string_view& record)
{
    if (record.size() < 3 || (record[0] != 'l' && record[0] != 'r') || !is_digit(record[1]))
        return std::nullopt;
    auto rest = record.substr(1);
    const auto number = take_until(rest, ':');
    const auto index = parse_number<std::size_t>(number.value_or(""));
    if (!index) return std::nullopt;
    const auto channel = record[0] == 'l' ? Channel::local : Channel::remote;
    record = rest;
    return Position{channel, *index};
}

}

Result<Info> decode_info(std::string_view bytes)
{
    const auto first = take_until(bytes, '\0');
    if (!first || first->empty() || first->front() != 'F') return temporary("no sender record");
    Info info;
    UnreadRecords unread;
    info.sender = first->substr(1);
    while (auto record = take_until(bytes, '\0')) {
        const auto position = take_position(*record);
        const auto decoded = decode_record(*record);
        if (!decoded) {
            unread.note(*record);
            continue;
        }
        auto& level = position ? info.recipients[*position] : info.message;
        level.set(decoded->first, decoded->second);
    }
    if (!unread.required.empty()) return not_known(unread);
    info.skipped_records = unread.malformed;
    return info;
}

std::string encode_channel_record(std::string_view address, bool done)
{
    return std::string(done ? "D" : "T").append(address) + '\0';
}

ChannelFile decode_channel_file(std::string_view bytes)
{
    ChannelFile file;
    const auto whole = bytes.size();
    for (;;) {
        const auto offset = whole - bytes.size();
        const auto record = take_until(bytes, '\0');
        if (!record) return file;
        const char letter = record->empty() ? '\0' : record->front();
        if (letter != 'T' && letter != 'D') {
            file.unknown_record = true;
            return file;
        }
        file.records.push_back(
            {letter == 'D', std::string(record->substr(1)), offset, file.records.size()});
    }
}

}
