#include "send/sorted_files.hpp"

#include "base/sys/file.hpp"
#include "send/message_info.hpp"
#include "send/outcome_file.hpp"
#include "send/recipient_state.hpp"

#include <fcntl.h>

#include <algorithm>
#include <system_error>
#include <utility>

namespace grapnel::send {

namespace {

constexpr std::size_t longest_file = 256u << 20;

// The file holds these recipients and nothing else, done or not. No recipients: there is no file.
bool holds(const std::string& path, const std::vector<queue::ChannelRecord>& wanted)
{
    const auto bytes = read_file_if_there(path, longest_file);
    if (!bytes || wanted.empty()) return !bytes && wanted.empty();
    const auto file = queue::decode_channel_file(*bytes);
    return !file.unknown_record &&
           std::equal(file.records.begin(), file.records.end(), wanted.begin(), wanted.end(),
                      [](const auto& a, const auto& b) { return a.address == b.address; });
}

}

bool SortedFiles::are_untouched(queue::MessageNumber n) const
{
    try {
        return !status_if_there(spool_.info(n)) && !status_if_there(spool_.local(n)) &&
               !status_if_there(spool_.remote(n)) && !status_if_there(queue::Spool::bounce(n)) &&
               !status_if_there(outcome_file(n));
    } catch (const std::system_error&) {
        return false;
    }
}

bool SortedFiles::are_complete(queue::MessageNumber n, const Sorted& wanted) const
{
    try {
        const auto bytes = read_file_if_there(spool_.info(n), longest_file);
        if (!bytes) return false;
        const auto info = queue::decode_info(*bytes);
        return info && without_own_records(*info) == without_own_records(wanted.info) &&
               holds(spool_.local(n), wanted.local) && holds(spool_.remote(n), wanted.remote);
    } catch (const std::system_error&) {
        return false;   // what cannot be read cannot be removed either, or is written anew
    }
}

// info comes last, and whole: where it is, the others are. A qmail-clean of the life before may
// take todo/N away meanwhile, and nobody could go on with half of an info. Never tried: what
// outcomes there are belong to another message of that number.
bool SortedFiles::write(queue::MessageNumber n, const Sorted& wanted,
                        std::optional<std::time_t> birth)
{
    if (!remove_old(n) || (!birth && !remove_one(outcome_file(n)))) return false;
    for (const auto& [path, records] :
         {std::pair(spool_.local(n), &wanted.local), std::pair(spool_.remote(n), &wanted.remote)})
        if (!records->empty() && !write_file(path, path, encode(*records), std::nullopt))
            return false;
    return write_file(new_info(spool_, n), spool_.info(n), queue::encode(wanted.info), birth);
}

void SortedFiles::touch(queue::MessageNumber n, const Sorted& wanted, Touched& touched) const
{
    const auto add = [&](std::string file, std::string directory) {
        touched.files.insert(std::move(file));
        touched.directories.insert(std::move(directory));
    };
    if (!wanted.local.empty()) add(spool_.local(n), spool_.directory_of("local", n));
    if (!wanted.remote.empty()) add(spool_.remote(n), spool_.directory_of("remote", n));
    add(spool_.info(n), spool_.directory_of("info", n));
}

bool SortedFiles::remove_old(queue::MessageNumber n)
{
    return remove_one(spool_.local(n)) && remove_one(spool_.remote(n)) &&
           remove_one(spool_.info(n)) && remove_one(new_info(spool_, n));
}

bool SortedFiles::remove_one(const std::string& path)
{
    try {
        remove_file(path);
        return true;
    } catch (const std::system_error&) {
        log_.warning("unable to unlink " + path);
        return false;
    }
}

bool SortedFiles::write_file(const std::string& path, const std::string& name,
                             std::string_view bytes, std::optional<std::time_t> time)
{
    Fd file;
    try {
        file = open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    } catch (const std::system_error&) {
        log_.warning("unable to create " + name);
        return false;
    }
    try {
        write_all(file.get(), bytes, path);
        file.close_checked(path);
        if (time) set_times(path, *time);
        if (name != path) rename_file(path, name);
    } catch (const std::system_error&) {
        log_.warning("trouble writing to " + name);
        return false;   // removed before it is written again
    }
    return true;
}

}
