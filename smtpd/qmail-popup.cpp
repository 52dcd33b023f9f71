// Learns from a POP3 client who he is, and has a program check it. qmail-popup(8).
//
// Two processes: a child without rights reads what strangers send; its parent, which may be root
// because checkers must be, gets two strings of it.
#include "base/arguments.hpp"
#include "base/sys/dumps.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/fd.hpp"
#include "base/sys/file.hpp"
#include "base/sys/log.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "base/sys/signal.hpp"
#include "base/sys/spawn.hpp"
#include "smtpd/popup_dialogue.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <ctime>
#include <system_error>

using namespace grapnel;

namespace {

constexpr std::chrono::seconds patience{1200};

// The client hears it, where he still listens; how it ends is always the same.
[[noreturn]] void give_up(std::string_view text)
{
    try {
        Dialogue client(0, 1, patience);
        client.say("-ERR " + std::string(text) + "\r\n");
        client.flush();
    } catch (const ClientGone&) {
        // Nobody to tell.
    }
    throw Stop{1};
}

// The child: user NUL secret NUL into the pipe; nothing where he left.
int read_client(Fd answer, const std::string& banner)
{
    try {
        row::qmail_popup();
    } catch (const Stop& stop) {
        log_line(2, "qmail-popup: " + stop.text);
        return 1;
    }
    // What follows is for the program that the checker runs.
    Dialogue client(0, 1, patience, Dialogue::Behind::leave);
    try {
        if (const auto credentials = smtpd::ask_credentials(client, banner))
            write_all(answer.get(), credentials->user + '\0' + credentials->secret + '\0');
    } catch (const ClientGone&) {
        // As if he had said QUIT.
    }
    return 0;
}

std::string learn_credentials(const std::string& banner)
{
    Pipe pipe;
    try {
        pipe = make_pipe();
    } catch (const std::system_error&) {
        give_up("unable to open pipe");
    }
    Child reader;
    try {
        reader = fork_child([&] {
            pipe.reader.reset();
            return read_client(std::move(pipe.writer), banner);
        });
    } catch (const std::system_error&) {
        give_up("unable to fork");
    }
    pipe.writer.reset();
    std::string answer;
    try {
        answer = read_all(pipe.reader.get(), 3 * Dialogue::longest_line);
    } catch (const std::system_error&) {
        // Counts for nothing.
    }
    const bool ended_well = reader.wait().success();
    if (!ended_well || std::count(answer.begin(), answer.end(), '\0') != 2 || answer.back() != '\0')
        throw Stop{1};
    return answer;
}

// Returns when the checker, and so the session, has ended.
void check(std::string secret, const std::vector<std::string>& checker)
{
    Pipe pipe;
    try {
        pipe = make_pipe();
    } catch (const std::system_error&) {
        give_up("unable to open pipe");
    }
    Child child;
    try {
        child = spawn({.path = checker.front(),
                       .arguments = checker,
                       .search_path = true,
                       .descriptors = {{3, pipe.reader.get()}},
                       .exec_failed_later = 1,
                       .exec_failed_never = 1});
    } catch (const std::system_error&) {
        give_up("unable to fork");
    }
    pipe.reader.reset();
    try {
        write_all(pipe.writer.get(), secret);
    } catch (const std::system_error&) {
        // Who does not read it says no.
    }
    pipe.writer.reset();
    ::explicit_bzero(secret.data(), secret.size());
    const Ending ending = child.wait();
    if (ending.crashed) give_up("aack, child crashed");
    if (ending.code != 0) give_up("authorization failed");
}

int serve(const std::vector<std::string>& words)
{
    ensure_standard_descriptors();
    ignore_signal(SIGPIPE);
    if (words.size() < 3) give_up("usage: popup hostname subprogram");
    forbid_dumps();
    const std::string banner = '<' + std::to_string(::getpid()) + '.' +
                               std::to_string(std::time(nullptr)) + '@' + words[1] + '>';
    std::string secret = learn_credentials(banner);
    secret += banner + '\0';
    check(std::move(secret), {words.begin() + 2, words.end()});
    return 1;   // as ever
}

}

int main(int count, char** words)
{
    return run(
        "qmail-popup", [&] { return serve(argument_words(count, words)); }, 1);
}
