#include "send/queue_view.hpp"

#include "base/sys/file.hpp"
#include "send/marks.hpp"

#include <chrono>
#include <string>
#include <system_error>
#include <thread>

namespace grapnel::send {

namespace {

constexpr queue::Channel channels[] = {queue::Channel::local, queue::Channel::remote};

std::vector<std::string> names_in(const std::string& directory, Log& log)
{
    for (;;) try {
            return list_directory(directory);
        } catch (const std::system_error&) {
            log.alert("unable to opendir " + directory + ", sleeping...");
            std::this_thread::sleep_for(std::chrono::seconds(10));
        }
}

// What a crash left of an info file that was to be written anew (message_records).
void remove_left_over(const std::string& path, Log& log)
{
    try {
        remove_file(path);
    } catch (const std::system_error&) {
        log.warning("unable to unlink " + path);
    }
}

// Outcomes of a message that is gone: another qmail-send has finished it.
void remove_orphans(const queue::Spool& spool, Log& log)
{
    constexpr std::string_view ending = ".dsn";
    for (const std::string& name : names_in("bounce", log)) {
        if (!name.ends_with(ending)) continue;
        const auto n = queue::message_number(name.substr(0, name.size() - ending.size()));
        try {
            if (n && !status_if_there(spool.info(*n)) && !status_if_there(queue::Spool::todo(*n)))
                remove_left_over("bounce/" + name, log);
        } catch (const std::system_error&) {
            log.warning("unable to stat the message of bounce/" + name);
        }
    }
}

}

void enlist(queue::MessageNumber n, const queue::Spool& spool, Agenda& agenda, Log& log)
{
    std::string path;
    const auto there = [&](std::string name) {
        path = std::move(name);
        return status_if_there(path);
    };
    try {
        if (!there(spool.info(n)) || there(queue::Spool::todo(n))) return;
        const auto local = there(spool.local(n));
        const auto remote = there(spool.remote(n));
        if (local) agenda.local.add(agenda.due_at(local->st_mtime), n);
        if (remote) agenda.remote.add(agenda.due_at(remote->st_mtime), n);
        if (!local && !remote) agenda.done.add(agenda.now(), n);
    } catch (const std::system_error&) {
        log.warning("unable to stat " + path + "; will try again later");
        agenda.unknown.add(agenda.now() + retry_trouble, n);
    }
}

void enlist_all(const queue::Spool& spool, Agenda& agenda, Log& log)
{
    for (unsigned i = 0; i < spool.split(); ++i) {
        const auto directory = "info/" + std::to_string(i);
        for (const auto& name : names_in(directory, log))
            if (const auto n = queue::message_number(name))
                enlist(*n, spool, agenda, log);
            else if (name.ends_with(".new"))
                remove_left_over(directory + '/' + name, log);
    }
    remove_orphans(spool, log);
}

void save_times(const queue::Spool& spool, Agenda& agenda, Log& log)
{
    for (const auto channel : channels)
        for (auto& heap = agenda.of(channel); !heap.empty();) {
            const auto [due, n] = heap.take();
            const auto path = channel_file(spool, channel, n);
            try {
                set_times(path, agenda.wall_at(due));
            } catch (const std::system_error&) {
                log.warning("unable to utime " + path + "; message will be retried too soon");
            }
        }
}

}
