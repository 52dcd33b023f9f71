#include "smtpd/program_helper.hpp"

#include "base/net/stream.hpp"
#include "base/sys/control.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/helper_process.hpp"
#include "base/sys/packet.hpp"
#include "base/sys/spawn.hpp"
#include "base/text.hpp"
#include "smtpd/peer.hpp"
#include "smtpd/plugin_file.hpp"
#include "smtpd/plugins.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace grapnel::smtpd {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using End = ProgramResult::End;

constexpr std::size_t longest_request = 32768, longest_output = 32768;
constexpr int exec_failed = 120;

// What a session says of its client, whatever the value.
bool is_said_by_session(std::string_view name)
{
    constexpr std::array names{"SMTPHELOHOST",  "SMTPMAILFROM",     "SMTPRCPTTO",
                               "SMTPRCPTCOUNT", "SMTPRCPTCOUNTALL", "SMTPRCPTHOSTSOK",
                               "SENDER",        "RECIPIENT",        "HELO",
                               "USE_FD4",       "SMTPAUTHMETHOD",   "SMTPAUTHUSER"};
    return std::find(names.begin(), names.end(), name) != names.end() || is_connection_fact(name);
}

struct Request {
    ProgramKind kind = ProgramKind::plugin;
    std::string command;
    std::vector<std::string> variables;
    Fd result;
};

struct Job {
    ProgramKind kind;
    Child child;
    Fd watch, output, result;
    Clock::time_point end;
    std::string said = {};
    bool killed = false;
};

class Helper {
public:
    Helper(int socket, const Environment& environment, const SharedWords& said,
           const VariableRule& allowed, std::chrono::seconds limit)
        : socket_(socket), environment_(environment), said_(said), allowed_(allowed), limit_(limit)
    {
    }

    int run()
    {
        for (;;) {
            std::vector<pollfd> waiting{{socket_, POLLIN, 0}};
            for (const auto& job : jobs_) {
                waiting.push_back({job.output ? job.output.get() : -1, POLLIN, 0});
                waiting.push_back({job.watch.get(), POLLIN, 0});
            }
            if (::poll(waiting.data(), waiting.size(), wait()) < 0 && errno != EINTR) return 111;
            for (std::size_t i = jobs_.size(); i-- > 0;)
                look_at(i, waiting[2 * i + 1].revents != 0, waiting[2 * i + 2].revents != 0);
            if (waiting[0].revents == 0) continue;
            auto request = receive();
            if (!request) break;
            if (request->result) start(std::move(*request));
        }
        // Nobody is there for their answers.
        for (const auto& job : jobs_) job.child.kill(SIGKILL);
        return 0;
    }

private:
    int wait() const
    {
        if (jobs_.empty()) return -1;
        const auto first = std::min_element(jobs_.begin(), jobs_.end(),
                                            [](auto& a, auto& b) { return a.end < b.end; });
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(first->end - Clock::now());
        return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60000));
    }

    // nullopt: the peer is gone. What is no request of ours has no result.
    std::optional<Request> receive()
    {
        try {
            auto packet = receive_packet(socket_, room_);
            if (!packet) return Request{};
            if (packet->ended) return std::nullopt;
            Request request;
            auto bytes = packet->bytes;
            const bool whole = packet->whole && packet->descriptors.size() == 1 && !bytes.empty();
            if (!whole) return request;
            request.kind = static_cast<ProgramKind>(bytes.front());
            bytes.remove_prefix(1);
            const auto command = take_until(bytes, '\0');
            if (!command) return request;
            request.command = *command;
            while (const auto entry = take_until(bytes, '\0'))
                request.variables.emplace_back(*entry);
            request.result = std::move(packet->descriptors.front());
            return request;
        } catch (const std::system_error& error) {
            if (error.code().value() == EMFILE) return Request{};
            return std::nullopt;
        }
    }

    void start(Request request)
    {
        try {
            if (jobs_.size() >= most_programs) throw_error(EAGAIN, "too many programs");
            Pipe output = make_pipe();
            Job job{request.kind,
                    launch(request, output.writer.get()),
                    Fd(),
                    std::move(output.reader),
                    std::move(request.result),
                    Clock::now() + limit_};
            job.watch = process_handle(job.child.pid());
            set_nonblocking(job.output.get());
            if (!job.watch) {   // then it cannot be watched
                job.child.kill(SIGKILL);
                job.child.wait();
                return tell(job.result, End::refused, 0, "");
            }
            jobs_.push_back(std::move(job));
        } catch (const std::system_error&) {
            tell(request.result, End::refused, 0, "");
        }
    }

    // Read each time: the file may have changed.
    bool may_run(const Request& request) const
    {
        if (request.kind == ProgramKind::rcpt_check) {
            const std::string entry = "RCPTCHECK=" + request.command;
            return environment_.get("RCPTCHECK") == request.command ||
                   (allowed_ && allowed_(entry));
        }
        if (request.kind != ProgramKind::plugin) return false;
        const auto lines = plugin_lines(Control(), environment_);
        return PluginList::parse(lines).contains(request.command);
    }

    bool may_set(std::string_view entry) const
    {
        const auto equals = entry.find('=');
        if (equals == std::string_view::npos) return false;
        if (is_said_by_session(entry.substr(0, equals))) return true;
        if (said_.contains(entry)) return true;
        return allowed_ && allowed_(entry);
    }

    Child launch(const Request& request, int output) const
    {
        if (!may_run(request)) throw_error(EPERM, "program refused");
        Environment variables = environment_;
        for (const auto& entry : request.variables) {
            const auto equals = entry.find('=');
            // "NAME": a plugin has taken it away.
            if (equals == std::string::npos) {
                variables.unset(entry);
                continue;
            }
            if (!may_set(entry)) throw_error(EPERM, "variable refused");
            variables.set(entry.substr(0, equals), entry.substr(equals + 1));
        }
        Command command{.path = request.command,
                        .environment = variables.entries(),
                        .descriptors = {{0, 0}, {1, output}},
                        .directory = home(),
                        .exec_failed_later = exec_failed,
                        .exec_failed_never = exec_failed};
        if (request.kind == ProgramKind::rcpt_check)
            command.descriptors = {{0, 0}, {1, 2}, {4, output}};
        if (request.command.starts_with(':')) {
            command.path = "/bin/sh";
            command.arguments = {"/bin/sh", "-c", request.command.substr(1)};
        }
        return spawn(command);
    }

    void look_at(std::size_t index, bool readable, bool ended)
    {
        auto& job = jobs_[index];
        if (readable && job.output) read(job);
        if (!job.killed && Clock::now() >= job.end) {
            job.child.kill(SIGKILL);
            job.killed = true;
            job.end += 5s;
        }
        if (!ended) return;
        if (job.output) read(job);   // what it said last
        const auto ending = job.child.wait();
        const auto end = job.killed ? End::timeout : ending.crashed ? End::crashed : End::exited;
        if (job.kind == ProgramKind::plugin) remember(job.said);
        tell(job.result, end, ending.code, job.said);
        jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(index));
    }

    // What is too much is read and dropped.
    static void read(Job& job)
    {
        std::array<char, 4096> buffer;
        for (;;) {
            const auto count = ::read(job.output.get(), buffer.data(), buffer.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return;
            if (count == 0) return job.output.reset();
            const auto room = longest_output - job.said.size();
            job.said.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
        }
    }

    // What a plugin has set its successors may be given, and the queue program.
    void remember(std::string_view output) const
    {
        for (const auto& [entry, is_set] : parse_plugin_output(output).variables) said_.add(entry);
    }

    // Less than a pipe holds: it never waits.
    static void tell(const Fd& result, End end, int code, std::string_view output)
    {
        std::string bytes{static_cast<char>(end), static_cast<char>(code)};
        try {
            write_all(result.get(), bytes.append(output));
        } catch (const std::system_error&) {
            // Who asked has gone.
        }
    }

    int socket_;
    const Environment& environment_;
    const SharedWords& said_;
    const VariableRule& allowed_;
    std::chrono::seconds limit_;
    std::vector<Job> jobs_;
    std::vector<char> room_ = std::vector<char>(longest_request);
};

// Where 2 is the client, plugins may not talk to him.
void keep_from_client()
{
    struct stat log {};
    if (::fstat(2, &log) != 0 || !S_ISSOCK(log.st_mode)) return;
    if (::dup2(1, 2) < 0) throw_errno("unable to set up the program helper");
}

}

Fd start_program_helper(const Environment& environment, const SharedWords& said,
                        const VariableRule& allowed, std::chrono::seconds limit)
{
    return start_helper_process([&](int socket) {
        keep_from_client();
        return Helper(socket, environment, said, allowed, limit).run();
    });
}

boost::asio::awaitable<ProgramResult> run_program(int helper, ProgramKind kind, std::string command,
                                                  std::vector<std::string> variables)
{
    ProgramResult result;
    Pipe answer = make_pipe();
    std::string request(1, static_cast<char>(kind));
    request += command + '\0';
    for (const auto& entry : variables) request += entry + '\0';
    if (request.size() > longest_request || !send_packet(helper, request, {answer.writer.get()}))
        co_return result;
    answer.writer.reset();
    const auto executor = co_await net::this_executor();
    net::Stream stream(executor, std::move(answer.reader), Fd());
    stream.expires_after(program_limit + 30s);
    std::string bytes;
    try {
        for (bool more = true; more && bytes.size() < longest_output + 2;) {
            more = co_await stream.fill();
            bytes += stream.buffered();
            stream.consume(stream.buffered().size());
        }
    } catch (const net::TimedOut&) {
        result.end = End::timeout;
        co_return result;
    }
    if (bytes.size() < 2) co_return result;
    result.end = static_cast<End>(bytes[0]);
    result.code = static_cast<unsigned char>(bytes[1]);
    result.output = bytes.substr(2);
    co_return result;
}

}
