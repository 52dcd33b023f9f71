#include "local/tools/pop3_session.hpp"

#include "base/sys/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace grapnel::local {

namespace {

// What a Maildir's owner called his file goes on the wire: RFC 1939 7.
std::string unique_id(const MaildirMessage& message)
{
    std::string id(message.unique_name());
    std::replace_if(
        id.begin(), id.end(), [](char c) { return c < 33 || c > 126; }, '?');
    return id;
}

std::string size_of(const MaildirMessage& message) { return std::to_string(message.size); }

Fd open_message(MaildirMessage& message)
{
    constexpr int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
    Fd file(::open(message.path.c_str(), flags));
    if (file || errno != ENOENT) return file;
    const auto moved = find_moved(message);
    if (moved.empty()) return {};
    message.path = moved;
    return Fd(::open(moved.c_str(), flags));
}

bool remove_message(MaildirMessage& message)
{
    if (::unlink(message.path.c_str()) == 0) return true;
    if (errno != ENOENT) return false;
    const auto moved = find_moved(message);
    return moved.empty() || ::unlink(moved.c_str()) == 0;   // gone is what was wanted
}

// Never over a message that has that name.
void move_message(const std::string& from, const std::string& to)
{
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
    if (errno != EINVAL && errno != ENOSYS) return;
    if (::link(from.c_str(), to.c_str()) == 0) ::unlink(from.c_str());
}

}

const Pop3Session::Verb Pop3Session::verbs[] = {
    {"quit", &Pop3Session::quit}, {"stat", &Pop3Session::stat}, {"list", &Pop3Session::list},
    {"uidl", &Pop3Session::uidl}, {"dele", &Pop3Session::dele}, {"retr", &Pop3Session::top},
    {"rset", &Pop3Session::rset}, {"last", &Pop3Session::last}, {"top", &Pop3Session::top},
    {"noop", &Pop3Session::noop}, {"capa", &Pop3Session::capa}};

Pop3Session::Pop3Session(Dialogue& client, std::vector<MaildirMessage> messages) : client_(client)
{
    for (auto& message : messages) entries_.push_back({std::move(message)});
}

void Pop3Session::run()
{
    okay();
    while (!over_) {
        const auto line = client_.line();
        const auto command = line ? parse_pop3_command(*line) : std::nullopt;
        if (!command) {
            refuse("syntax error");
            continue;
        }
        const auto* verb = std::find_if(std::begin(verbs), std::end(verbs),
                                        [&](const auto& one) { return one.word == command->word; });
        if (verb == std::end(verbs))
            refuse("unimplemented");
        else
            (this->*verb->handle)(command->argument);
    }
    client_.flush();
}

void Pop3Session::okay() { client_.say("+OK \r\n"); }

void Pop3Session::refuse(std::string_view text)
{
    client_.say("-ERR " + std::string(text) + "\r\n");
}

void Pop3Session::capa(std::string_view) { client_.say(pop3_capabilities); }

void Pop3Session::noop(std::string_view) { okay(); }

void Pop3Session::stat(std::string_view)
{
    std::uint64_t total = 0;
    for (const auto& entry : entries_)
        if (!entry.deleted) total += entry.message.size;
    // All of them, as ever: numbers do not move up.
    client_.say("+OK " + std::to_string(entries_.size()) + ' ' + std::to_string(total) + "\r\n");
}

void Pop3Session::last(std::string_view)
{
    client_.say("+OK " + std::to_string(highest_) + "\r\n");
}

void Pop3Session::rset(std::string_view)
{
    for (auto& entry : entries_) entry.deleted = false;
    highest_ = 0;
    okay();
}

std::optional<std::size_t> Pop3Session::message_number(std::string_view& argument)
{
    const auto number = take_number(argument);
    if (!number)
        refuse("syntax error");
    else if (*number == 0)
        refuse("messages are counted from 1");
    else if (*number > entries_.size())
        refuse("not that many messages");
    else if (entries_[*number - 1].deleted)
        refuse("already deleted");
    else
        return *number - 1;
    return std::nullopt;
}

void Pop3Session::dele(std::string_view argument)
{
    const auto index = message_number(argument);
    if (!index) return;
    entries_[*index].deleted = true;
    highest_ = std::max(highest_, *index + 1);
    okay();
}

void Pop3Session::say_list(std::string_view argument, std::string (*line)(const MaildirMessage&))
{
    const auto say = [&](std::size_t index) {
        client_.say(std::to_string(index + 1) + ' ' + line(entries_[index].message) + "\r\n");
    };
    if (!argument.empty()) {
        const auto index = message_number(argument);
        if (!index) return;
        client_.say("+OK ");
        return say(*index);
    }
    okay();
    for (std::size_t i = 0; i < entries_.size(); ++i)
        if (!entries_[i].deleted) say(i);
    client_.say(".\r\n");
}

void Pop3Session::list(std::string_view argument) { say_list(argument, size_of); }
void Pop3Session::uidl(std::string_view argument) { say_list(argument, unique_id); }

// RETR too: without a second number all of the message.
void Pop3Session::top(std::string_view argument)
{
    const auto index = message_number(argument);
    if (!index) return;
    const Fd file = open_message(entries_[*index].message);
    if (!file) return refuse("unable to open that message");
    okay();
    send(file.get(), take_number(argument));
}

// A message that cannot be read to its end must not look as if it were whole: then the connection
// ends. The line that is empty before the dot is the original's; clients know it.
void Pop3Session::send(int file, std::optional<std::uint64_t> body_lines)
{
    Reader input(file, 16384);
    bool in_header = true, at_line_start = true, line_is_empty = true;
    bool behind_cr = false;    // a binary message's lines end in CR LF already (RFC 3030)
    std::uint64_t begun = 0;   // lines of the body
    for (;;) {
        std::string_view bytes;
        try {
            bytes = input.available();
        } catch (const std::system_error&) {
            throw ClientGone();
        }
        if (bytes.empty()) break;
        const std::size_t size = bytes.size();
        while (!bytes.empty()) {
            if (at_line_start) {
                if (!in_header && body_lines && begun++ == *body_lines) {
                    client_.say("\r\n.\r\n");
                    return;
                }
                if (bytes.front() == '.') client_.say(".");
                line_is_empty = true;
            }
            const auto end = bytes.find('\n');
            const auto part = bytes.substr(0, end);
            if (!part.empty()) {
                line_is_empty = false;
                behind_cr = part.back() == '\r';
            }
            client_.say(part);
            at_line_start = end != std::string_view::npos;
            bytes.remove_prefix(at_line_start ? end + 1 : bytes.size());
            if (!at_line_start) continue;
            client_.say(std::exchange(behind_cr, false) ? "\n" : "\r\n");
            if (line_is_empty) in_header = false;
        }
        input.consume(size);
    }
    client_.say(at_line_start ? "\r\n.\r\n" : "\r\n\r\n.\r\n");
}

bool Pop3Session::remove_deleted()
{
    bool all = true;
    for (auto& entry : entries_)
        if (entry.deleted && !remove_message(entry.message)) all = false;
    return all;
}

void Pop3Session::move_seen()
{
    for (const auto& entry : entries_)
        if (!entry.deleted && entry.message.is_new())
            move_message(entry.message.path, "cur/" + entry.message.path.substr(4) + ":2,");
}

void Pop3Session::quit(std::string_view)
{
    const bool all = remove_deleted();
    move_seen();
    if (std::any_of(entries_.begin(), entries_.end(), [](const auto& one) { return one.deleted; }))
        for (const auto* directory : {"new", "cur"}) try {
                sync_directory(directory);
            } catch (const std::system_error&) {
                // What comes back after a crash is had twice, not lost.
            }
    if (all)
        okay();
    else
        refuse("unable to unlink all deleted messages");
    over_ = true;
}

}
