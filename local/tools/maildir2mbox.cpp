// Moves the mail of a Maildir to an mbox file. maildir2mbox(1).
#include "base/mail/date.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/lock.hpp"
#include "base/sys/log.hpp"
#include "base/sys/program.hpp"
#include "base/sys/trying.hpp"
#include "local/maildir_list.hpp"
#include "local/mbox_quoting.hpp"
#include "local/tools/enter_maildir.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

using namespace grapnel;
using namespace grapnel::local;

namespace {

constexpr std::size_t piece = 65536;

[[noreturn]] void stop(const std::string& what, int error)
{
    throw Stop{111, "fatal: " + what + ": " + std::string(reason(error))};
}

std::string required(const Environment& environment, const std::string& name)
{
    const auto value = environment.get(name);
    if (!value) throw Stop{111, "fatal: " + name + " not set"};
    return *value;
}

// By the first line, where that is the field that qmail-local puts there.
std::string from_line(std::string_view beginning, std::time_t when)
{
    constexpr std::string_view field = "Return-Path: <";
    std::string sender = "XXX";
    const auto end = beginning.find('\n');
    if (beginning.starts_with(field) && end != std::string_view::npos) {
        const auto value = beginning.substr(field.size(), end - field.size());
        sender = value.starts_with('>') || value.empty() ? "MAILER-DAEMON"
                                                         : value.substr(0, value.size() - 1);
        std::replace_if(
            sender.begin(), sender.end(), [](char c) { return c == ' ' || c == '\t'; }, '-');
    }
    return "From " + sender + ' ' + date_mbox(when) + '\n';
}

class Mbox {
public:
    Mbox(std::string name, std::string temporary)
        : name_(std::move(name)), temporary_(std::move(temporary))
    {
        trying("unable to lock " + name_, [&] {
            lock_ = open_file(name_, O_WRONLY | O_APPEND | O_NONBLOCK | O_CREAT, 0600);
            lock(lock_.get());
        });
        const Fd old = trying("unable to read " + name_, [&] { return open_read(name_); });
        copy_ = trying("unable to create " + temporary_, [&] {
            return open_file(temporary_, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0644);
        });
        output_.emplace(copy_.get(), temporary_, piece);
        char last = '\n';
        each_piece(old.get(), name_, [&](std::string_view bytes) {
            write(bytes);
            last = bytes.back();
        });
        if (last != '\n') write("\n");
    }

    void append(const MaildirMessage& message, int file)
    {
        const std::string name = "$MAILDIR/" + message.path;
        MboxQuoting quoting;
        std::string quoted;
        bool first = true;
        each_piece(file, name, [&](std::string_view bytes) {
            if (first) write(from_line(bytes, message.when));
            first = false;
            quoted.clear();
            quoting.take(bytes, quoted);
            write(quoted);
        });
        if (first) write(from_line("", message.when));
        quoted.clear();
        quoting.finish(quoted);
        write(quoted);
    }

    void replace()
    {
        trying("unable to write to " + temporary_, [&] {
            output_->flush();
            sync(copy_.get(), temporary_);
            copy_.close_checked(temporary_);
        });
        if (::rename(temporary_.c_str(), name_.c_str()) != 0)
            stop("unable to move " + temporary_ + " to " + name_, errno);
        // Before anything of the Maildir goes.
        const auto slash = name_.rfind('/');
        trying("unable to write to " + name_, [&] {
            sync_directory(slash == std::string::npos ? "." : name_.substr(0, slash + 1));
        });
    }

private:
    template <class Take>
    void each_piece(int file, const std::string& name, const Take& take)
    {
        Reader input(file, piece);
        for (;;) {
            const auto bytes = trying("unable to read " + name, [&] { return input.available(); });
            if (bytes.empty()) return;
            take(bytes);
            input.consume(bytes.size());
        }
    }
    void write(std::string_view bytes)
    {
        trying("unable to write to " + temporary_, [&] { output_->write(bytes); });
    }

    std::string name_, temporary_;
    Fd lock_, copy_;   // the lock is of the old file, until we end
    std::optional<Writer> output_;
};

// Empty: another reader has removed it meanwhile.
Fd open_message(MaildirMessage& message)
{
    const auto open = [&] {
        return Fd(::open(message.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    };
    Fd file = open();
    if (!file && errno == ENOENT) {
        const auto moved = find_moved(message);
        if (moved.empty()) return {};
        message.path = moved;
        file = open();
    }
    if (!file) stop("unable to read $MAILDIR/" + message.path, errno);
    return file;
}

int move_all()
{
    ::umask(077);
    const auto environment = Environment::of_process();
    const auto name = required(environment, "MAIL"), temporary = required(environment, "MAILTMP");
    enter_maildir(environment);
    remove_stale_files();
    auto messages = list_entered({"new", "cur"});
    if (messages.empty()) return 0;
    Mbox mbox(name, temporary);
    for (auto& message : messages)
        if (const Fd file = open_message(message)) mbox.append(message, file.get());
    mbox.replace();
    for (const auto& message : messages)
        if (::unlink(message.path.c_str()) != 0 && errno != ENOENT)
            log_line(
                2, "maildir2mbox: warning: $MAILDIR/" + message.path +
                       " will be delivered twice; unable to unlink: " + std::string(reason(errno)));
    return 0;
}

}

int main() { return run("maildir2mbox", move_all); }
