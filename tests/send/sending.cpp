#include "send/sending.hpp"

#include "base/sys/file.hpp"
#include "support/ports.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <stdexcept>

namespace grapnel::test {

Sending::Sending(const TempHome& home, Options options)
{
    Pipe log = make_pipe();
    Pipe to_local = make_pipe(), from_local = make_pipe(), to_remote = make_pipe(),
         from_remote = make_pipe();
    Pipe to_clean = make_pipe(), from_clean = make_pipe();
    const char limits[] = {static_cast<char>(options.local_limit),
                           static_cast<char>(options.remote_limit)};
    if (options.spawners) write_all(from_local.writer.get(), {&limits[0], 1});
    if (options.spawners) write_all(from_remote.writer.get(), {&limits[1], 1});
    if (options.clean)
        clean_.emplace(
            Launch{.argv = {home.program("qmail-clean")},
                   .environment = home.environment(),
                   .directory = home / "queue",
                   .descriptors = {{0, to_clean.reader.get()}, {1, from_clean.writer.get()}}});
    send_.emplace(Launch{.argv = {home.program("qmail-send")},
                         .environment = home.environment(options.environment),
                         .descriptors = {{0, log.writer.get()},
                                         {1, to_local.writer.get()},
                                         {2, from_local.reader.get()},
                                         {3, to_remote.writer.get()},
                                         {4, from_remote.reader.get()},
                                         {5, to_clean.writer.get()},
                                         {6, from_clean.reader.get()}}});
    log_ = std::move(log.reader);
    if (!options.spawners) return;
    local_.to = std::move(from_local.writer);
    local_.from = std::move(to_local.reader);
    remote_.to = std::move(from_remote.writer);
    remote_.from = std::move(to_remote.reader);
    if (!options.clean) {
        clean_in_ = std::move(to_clean.reader);
        clean_out_ = std::move(from_clean.writer);
    }
}

bool Sending::more(int descriptor, std::string& bytes, milliseconds limit)
{
    if (!readable(descriptor, limit)) return false;
    std::array<char, 4096> buffer;
    const auto count = read_some(descriptor, buffer.data(), buffer.size());
    bytes.append(buffer.data(), count);
    return count > 0;
}

std::optional<queue::Job> Sending::next_job(Channel channel, milliseconds limit)
{
    auto& from = side(channel);
    for (;;) {
        std::string_view bytes = from.bytes;
        const auto job = from.reader.take(bytes);
        from.bytes = std::string(bytes);
        if (job) return job;
        if (!more(from.from.get(), from.bytes, limit)) return std::nullopt;
    }
}

void Sending::report(Channel channel, unsigned number, char letter, std::string_view text)
{
    write_raw(channel, queue::encode(queue::Report{number, letter, std::string(text)}));
}

void Sending::write_raw(Channel channel, std::string_view bytes)
{
    write_all(side(channel).to.get(), bytes);
}

void Sending::hang_up(Channel channel) { side(channel).to.reset(); }

std::string Sending::next_line(milliseconds limit)
{
    for (;;) {
        if (const auto end = log_bytes_.find('\n'); end != std::string::npos) {
            const std::string line = log_bytes_.substr(0, end);
            log_bytes_.erase(0, end + 1);
            return line;
        }
        if (!more(log_.get(), log_bytes_, limit)) return "(none)";
    }
}

std::vector<std::string> Sending::lines_until(std::string_view beginning)
{
    std::vector<std::string> lines;
    do lines.push_back(next_line());
    while (!lines.back().starts_with(beginning) && lines.back() != "(none)");
    return lines;
}

std::optional<Ending> Sending::stop()
{
    send_->kill(SIGTERM);
    return send_->wait();
}

std::string Sending::clean_request()
{
    std::size_t end;
    while ((end = clean_bytes_.find('\0')) == std::string::npos)
        if (!more(clean_in_.get(), clean_bytes_, patience)) return "(none)";
    const std::string request = clean_bytes_.substr(0, end);
    clean_bytes_.erase(0, end + 1);
    return request;
}

void Sending::clean_answer(char answer) { write_all(clean_out_.get(), {&answer, 1}); }

void Sending::hang_up_clean()
{
    clean_out_.reset();
    clean_in_.reset();
}

MessageNumber lay_mess(const TempHome& home, std::string_view message)
{
    const std::string made = home / "queue/pid/test";
    spill(made, message);
    struct stat about {};
    if (::stat(made.c_str(), &about) != 0) throw std::runtime_error("no message");
    rename_file(made, queue_path(home, "mess", about.st_ino));
    return about.st_ino;
}

std::string queue_path(const TempHome& home, std::string_view folder, MessageNumber n)
{
    const std::string name = std::to_string(n);
    if (folder == "todo" || folder == "intd" || folder == "bounce")
        return home / ("queue/" + std::string(folder) + '/' + name);
    return home / ("queue/" + std::string(folder) + '/' +
                   std::to_string(n % TempHome::default_split) + '/' + name);
}

MessageNumber lay_todo(const TempHome& home, std::string_view todo, std::string_view message,
                       bool pull)
{
    const auto n = lay_mess(home, message);
    spill(home / "queue/pid/todo", todo);
    rename_file(home / "queue/pid/todo", queue_path(home, "todo", n));
    if (pull) pull_trigger(home);
    return n;
}

void pull_trigger(const TempHome& home)
{
    const Fd trigger(
        ::open((home / "queue/lock/trigger").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    if (trigger) [[maybe_unused]]
        const auto ignored = ::write(trigger.get(), "", 1);
}

MessageNumber lay_message(const TempHome& home, std::string_view sender,
                          const std::vector<std::string>& recipients, std::string_view message)
{
    return lay_todo(home,
                    queue::encode(queue::Todo{1001, 4711, std::string(sender), recipients, {}, 0}),
                    message);
}

MessageNumber lay_sorted(const TempHome& home, std::string_view info, std::string_view local,
                         std::string_view remote, std::time_t birth, std::time_t due,
                         std::string_view message)
{
    const auto n = lay_mess(home, message);
    spill(queue_path(home, "info", n), info, 0600);
    set_age(queue_path(home, "info", n), birth);
    for (const auto& [folder, bytes] : {std::pair("local", local), std::pair("remote", remote)}) {
        if (bytes.empty()) continue;
        spill(queue_path(home, folder, n), bytes, 0600);
        set_age(queue_path(home, folder, n), due);
    }
    return n;
}

void set_age(const std::string& path, std::time_t when) { set_times(path, when); }

}
