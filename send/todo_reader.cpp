#include "send/todo_reader.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

namespace grapnel::send {

namespace {
constexpr std::size_t longest_todo = 256u << 20;
}

std::optional<Sorted> TodoReader::read(queue::MessageNumber n)
{
    const auto bytes = bytes_of(n);
    if (!bytes) return std::nullopt;
    std::uint64_t size = 0;
    try {
        const auto mess = status_if_there(spool_.mess(n));
        if (!mess) throw_error(ENOENT, "unable to stat", spool_.mess(n));
        size = static_cast<std::uint64_t>(mess->st_size);
    } catch (const std::system_error&) {
        log_.warning("unable to stat " + spool_.mess(n));
        return std::nullopt;
    }

    log_.new_message(n);
    std::optional<queue::Todo> head;
    auto todo = queue::decode_todo(*bytes, &head);
    if (head) log_.message_info(n, size, head->sender, head->pid, head->uid);
    if (!todo) {
        log_.warning(todo.error().text + " in " + queue::Spool::todo(n));
        return std::nullopt;
    }
    if (const auto* id = todo->extensions.message.find("id")) log_.message_name(n, *id);
    if (todo->skipped_records > 0)
        log_.warning("malformed extension record in " + queue::Spool::todo(n));
    return sort_recipients(routing_, std::move(*todo));
}

std::optional<std::string> TodoReader::bytes_of(queue::MessageNumber n)
{
    const auto path = queue::Spool::todo(n);
    Fd file;
    try {
        file = open_read(path);
    } catch (const std::system_error&) {
        log_.warning("unable to open " + path);
        return std::nullopt;
    }
    try {
        // Asked before: a scan must not read hundreds of megabytes each time to find that out.
        if (status(file.get(), path).st_size > static_cast<off_t>(longest_todo))
            throw_error(EFBIG, "unable to read", path);
        return read_all(file.get(), longest_todo, path);
    } catch (const std::system_error&) {
        log_.warning("trouble reading " + path);
        return std::nullopt;
    }
}

}
