// qmail-hold(8): lists, releases and cancels mail that waits for its time.
#include "base/arguments.hpp"
#include "base/sys/account.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/local_socket.hpp"
#include "base/sys/lock.hpp"
#include "base/sys/log.hpp"
#include "base/sys/program.hpp"
#include "base/sys/signal.hpp"
#include "send/held_mail.hpp"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

using namespace grapnel;
using namespace grapnel::send;

namespace {

constexpr const char* usage =
    "usage: qmail-hold list [--json] | release MESSAGE ... | cancel MESSAGE ...";
constexpr int never = 100, later = 111, answer_limit = 60'000;

int list(const queue::Spool& spool, bool json)
{
    Writer out(1);
    std::string_view separator = "[";
    for (const auto& message : held_messages(spool, std::time(nullptr)))
        if (json)
            out.write(std::string(std::exchange(separator, ",\n")) + json_about(message));
        else
            out.write(line_about(message));
    if (json) out.write(separator == "[" ? "[]\n" : "]\n");
    out.flush();
    return 0;
}

// By its number, with or without "#", or by its id.
const HeldMessage* find(const std::vector<HeldMessage>& held, std::string_view name)
{
    const auto number = queue::message_number(name.starts_with('#') ? name.substr(1) : name);
    const auto found = std::find_if(held.begin(), held.end(), [&](const HeldMessage& one) {
        return number ? one.number == *number : !one.id.empty() && one.id == name;
    });
    return found == held.end() ? nullptr : &*found;
}

void await(int socket, short events)
{
    pollfd waiting{socket, events, 0};
    if (::poll(&waiting, 1, answer_limit) != 1)
        throw_error(ETIMEDOUT, "unable to ask", "qmail-send");
}

Result<> ask(int socket, const HoldRequest& request)
{
    await(socket, POLLOUT);
    write_all(socket, encode(request), "qmail-send");
    std::array<char, longest_hold_line> buffer;
    std::string answer;
    while (answer.find('\n') == std::string::npos && answer.size() < longest_hold_line) {
        await(socket, POLLIN);
        const auto count = read_some(socket, buffer.data(), buffer.size());
        if (count == 0) break;
        answer.append(buffer.data(), count);
    }
    return decode_hold_answer(std::string_view(answer).substr(0, answer.find('\n')));
}

// qmail-send, where it runs; else the files are ours for as long as we have its lock.
Result<> obey(const queue::Spool& spool, const HoldRequest& request)
{
    const Fd mutex = open_file("lock/sendmutex", O_WRONLY);
    if (try_lock(mutex.get())) return obey_offline(spool, request, std::time(nullptr));
    const auto socket = connect_locally(hold_socket);
    if (!socket) return temporary("the qmail-send that runs takes no requests");
    return ask(socket->get(), request);
}

int for_each(const queue::Spool& spool, HoldRequest::Kind kind,
             const std::vector<std::string>& names)
{
    const auto held = held_messages(spool, std::time(nullptr));
    int code = 0;
    for (const auto& name : names) {
        const auto* message = find(held, name);
        const Result<> done = message ? obey(spool, {kind, message->number})
                                      : Result<>(permanent("no such message is held"));
        if (done) continue;
        log_line(2, "qmail-hold: " + printable(name) + ": " + done.error().text);
        code = std::max(code, done.error().retry == Retry::later ? later : never);
    }
    return code;
}

int run_command(std::vector<std::string> words)
{
    if (words.size() < 2) throw Stop{never, usage};
    const auto verb = words[1];
    words.erase(words.begin(), words.begin() + 2);
    const bool json = verb == "list" && words == std::vector<std::string>{"--json"};
    const bool changes = (verb == "release" || verb == "cancel") && !words.empty();
    if (!changes && !json && (verb != "list" || !words.empty())) throw Stop{never, usage};
    ignore_signal(SIGPIPE);
    change_directory(home() + "/queue");
    become_if_root(Role::send);
    const auto spool = queue::Spool::open();
    if (!changes) return list(spool, json);
    const auto kind = verb == "release" ? HoldRequest::Kind::release : HoldRequest::Kind::cancel;
    return for_each(spool, kind, words);
}

}

int main(int count, char** words)
{
    return run("qmail-hold", [&] { return run_command(argument_words(count, words)); });
}
