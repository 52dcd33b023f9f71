#include "send/intake.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

namespace grapnel::send {

namespace {

constexpr std::size_t longest_todo = 256u << 20;

std::string encode_all(const std::vector<std::string>& addresses)
{
    std::string bytes;
    for (const auto& address : addresses) bytes += queue::encode_channel_record(address);
    return bytes;
}

// The file holds these recipients and nothing else, done or not. No recipients: there is no file.
bool holds(const std::string& path, const std::vector<std::string>& addresses)
{
    const auto bytes = read_file_if_there(path, longest_todo);
    if (!bytes || addresses.empty()) return !bytes && addresses.empty();
    const auto file = queue::decode_channel_file(*bytes);
    return !file.unknown_record &&
           std::equal(
               file.records.begin(), file.records.end(), addresses.begin(), addresses.end(),
               [](const auto& record, const auto& address) { return record.address == address; });
}

}

struct Intake::Sorted {
    queue::Info info;
    std::vector<std::string> local, remote;
};

std::optional<Taken> Intake::take(queue::MessageNumber n, Touched& touched)
{
    const auto bytes = read_todo(n);
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
    const auto todo = queue::decode_todo(*bytes, &head);
    if (head) log_.message_info(n, size, head->sender, head->pid, head->uid);
    if (!todo) {
        log_.warning(todo.error().text + " in " + queue::Spool::todo(n));
        return std::nullopt;
    }
    if (const auto* id = todo->extensions.message.find("id")) log_.message_name(n, *id);
    if (todo->skipped_records > 0)
        log_.warning("malformed extension record in " + queue::Spool::todo(n));

    const Sorted wanted = sort(*todo);
    const Taken taken{n, !wanted.local.empty(), !wanted.remote.empty()};
    // Complete already: a power cut brought todo/N back, and the marks stay; or who wrote it was
    // killed before its flush, so it is flushed again.
    if (!is_complete(n, wanted) && (!remove_old(n) || !write(n, wanted))) return std::nullopt;
    touch(n, wanted, touched);
    return taken;
}

std::optional<std::string> Intake::read_todo(queue::MessageNumber n)
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

// Extension records of a recipient follow him to his position in local/N or remote/N.
Intake::Sorted Intake::sort(const queue::Todo& todo) const
{
    Sorted sorted{{todo.sender, todo.extensions.message, {}, 0}, {}, {}};
    for (std::size_t i = 0; i < todo.recipients.size(); ++i) {
        auto [channel, address] = route(routing_, todo.recipients[i]);
        auto& list = channel == queue::Channel::local ? sorted.local : sorted.remote;
        const auto extensions = todo.extensions.recipients.find(i);
        if (extensions != todo.extensions.recipients.end())
            sorted.info.recipients.emplace(queue::Position{channel, list.size()},
                                           extensions->second);
        list.push_back(std::move(address));
    }
    return sorted;
}

bool Intake::is_complete(queue::MessageNumber n, const Sorted& wanted) const
{
    try {
        const auto info = read_file_if_there(spool_.info(n), longest_todo);
        return info && *info == queue::encode(wanted.info) &&
               holds(spool_.local(n), wanted.local) && holds(spool_.remote(n), wanted.remote);
    } catch (const std::system_error&) {
        return false;   // what cannot be read cannot be removed either, or is written anew
    }
}

bool Intake::remove_old(queue::MessageNumber n)
{
    for (const auto& path : {spool_.local(n), spool_.remote(n), spool_.info(n)}) try {
            remove_file(path);
        } catch (const std::system_error&) {
            log_.warning("unable to unlink " + path);
            return false;
        }
    return true;
}

void Intake::touch(queue::MessageNumber n, const Sorted& wanted, Touched& touched) const
{
    const auto add = [&](std::string file, std::string directory) {
        touched.files.insert(std::move(file));
        touched.directories.insert(std::move(directory));
    };
    if (!wanted.local.empty()) add(spool_.local(n), spool_.directory_of("local", n));
    if (!wanted.remote.empty()) add(spool_.remote(n), spool_.directory_of("remote", n));
    add(spool_.info(n), spool_.directory_of("info", n));
}

// info comes last: where it is whole, the others are.
bool Intake::write(queue::MessageNumber n, const Sorted& wanted)
{
    if (!wanted.local.empty() && !write_file(spool_.local(n), encode_all(wanted.local)))
        return false;
    if (!wanted.remote.empty() && !write_file(spool_.remote(n), encode_all(wanted.remote)))
        return false;
    return write_file(spool_.info(n), queue::encode(wanted.info));
}

bool Intake::write_file(const std::string& path, std::string_view bytes)
{
    another_look_ = true;
    Fd file;
    try {
        file = open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    } catch (const std::system_error&) {
        log_.warning("unable to create " + path);
        return false;
    }
    try {
        write_all(file.get(), bytes, path);
        file.close_checked(path);
    } catch (const std::system_error&) {
        log_.warning("trouble writing to " + path);
        return false;   // removed at the next look, before it is written again
    }
    another_look_ = false;
    return true;
}

}
