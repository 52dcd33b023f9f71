#include "queue/submission_helper.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/helper_process.hpp"
#include "base/sys/packet.hpp"
#include "base/sys/spawn.hpp"
#include "base/text.hpp"
#include "queue/exit_code.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace grapnel::queue {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t longest_request = 32768, most_judges = 64;
constexpr std::chrono::minutes judge_limit{1};

struct Request {
    std::vector<std::string> variables;
    std::vector<Fd> descriptors;   // message, envelope, response, result; of a judge: input, result
    std::optional<std::string> judge = {};
};

// nullopt: the peer is gone. A frame that is not one of ours has no descriptors.
std::optional<Request> receive(int socket, std::vector<char>& room)
{
    try {
        auto packet = receive_packet(socket, room);
        if (!packet) return Request{};
        if (packet->ended) return std::nullopt;
        Request request{{}, std::move(packet->descriptors)};
        const bool of_judge = packet->bytes.starts_with('j');
        packet->bytes.remove_prefix(std::min<std::size_t>(packet->bytes.size(), 1));
        if (of_judge) request.judge = std::string(take_until(packet->bytes, '\0').value_or(""));
        while (const auto entry = take_until(packet->bytes, '\0'))
            request.variables.emplace_back(*entry);
        const std::size_t wanted = of_judge ? 2 : most_packet_descriptors;
        if (request.descriptors.size() != wanted || !packet->whole) request.descriptors.clear();
        return request;
    } catch (const std::system_error& error) {
        if (error.code().value() == EMFILE) return Request{};
        return std::nullopt;
    }
}

class Helper {
public:
    Helper(int socket, const Environment& environment, const VariableRule& allowed,
           const JudgeRule& judges)
        : socket_(socket), environment_(environment), allowed_(allowed), judges_(judges)
    {
    }

    int run()
    {
        for (;;) {
            std::vector<pollfd> waiting{{socket_, POLLIN, 0}};
            for (const auto& job : jobs_) waiting.push_back({job.watch.get(), POLLIN, 0});
            if (::poll(waiting.data(), waiting.size(), patience()) < 0 && errno != EINTR)
                return 111;
            end_judges();
            for (std::size_t i = waiting.size(); i-- > 1;)
                if (waiting[i].revents != 0) reap(i - 1);
            if (waiting[0].revents == 0) continue;
            auto request = receive(socket_, room_);
            if (!request) return 0;
            if (!request->descriptors.empty()) start(std::move(*request));
        }
    }

private:
    struct Job {
        Child child;
        Fd watch, result;
        std::optional<SteadyClock::time_point> deadline = {};   // of a judge
    };

    std::size_t judging() const
    {
        return static_cast<std::size_t>(std::count_if(
            jobs_.begin(), jobs_.end(), [](const Job& job) { return job.deadline.has_value(); }));
    }

    // Milliseconds until a judge has had his time; -1: none has a limit.
    int patience() const { return judging() == 0 ? -1 : 1000; }

    // One that runs as another user cannot be killed: it keeps its place, nobody waits for it.
    void end_judges()
    {
        const auto now = SteadyClock::now();
        for (auto& job : jobs_)
            if (job.deadline && now >= *job.deadline) job.child.kill(SIGKILL);
    }

    static void tell(const Fd& result, const HelperFrame& frame)
    {
        try {
            write_all(result.get(), frame.encode());
        } catch (const std::system_error&) {
            // The session that asked has gone; its message was cut short and is not queued.
        }
    }

    void start(Request request)
    {
        auto& fds = request.descriptors;
        try {
            if (request.judge && judging() >= most_judges) throw_error(EAGAIN, "too many judges");
            Job job{request.judge ? spawn_judge(request) : spawn_queue(request), Fd(),
                    std::move(fds.back())};
            if (request.judge) job.deadline = SteadyClock::now() + judge_limit;
            tell(job.result, {HelperFrame::Kind::started, false, job.child.pid()});
            job.watch = process_handle(job.child.pid());
            if (job.watch)
                jobs_.push_back(std::move(job));
            else
                finish(job);   // no way to watch it: wait, which is slow but right
        } catch (const std::system_error& error) {
            tell(fds.back(), {HelperFrame::Kind::refused, false, error.code().value()});
        }
    }

    Environment variables_of(const Request& request) const
    {
        Environment variables = environment_;
        for (const auto& entry : request.variables) {
            if (!allowed_ || !allowed_(entry)) throw_error(EPERM, "variable refused");
            const auto equals = entry.find('=');
            if (equals == std::string::npos) {
                variables.unset(entry);
                continue;
            }
            variables.set(entry.substr(0, equals), entry.substr(equals + 1));
        }
        return variables;
    }

    Child spawn_judge(const Request& request) const
    {
        auto words = judges_ ? judges_(*request.judge) : std::vector<std::string>();
        if (words.empty()) throw_error(ENOENT, "no program judges that");
        return spawn({.path = words.front(),
                      .arguments = words,
                      .search_path = true,
                      .environment = variables_of(request).entries(),
                      .descriptors = {{3, request.descriptors[0].get()}},
                      .directory = home()});
    }

    Child spawn_queue(const Request& request) const
    {
        Environment variables = variables_of(request);
        variables.set("ERROR_FD", "4");
        const auto& fds = request.descriptors;
        return spawn({.path = variables.get("QMAILQUEUE").value_or("bin/qmail-queue"),
                      .environment = variables.entries(),
                      // One pipe on 4 and 6: callers of either convention are understood.
                      .descriptors = {{0, fds[0].get()},
                                      {1, fds[1].get()},
                                      {4, fds[2].get()},
                                      {6, fds[2].get()}},
                      .directory = home(),
                      .exec_failed_later = exit_code::exec_failed,
                      .exec_failed_never = exit_code::exec_failed});
    }

    static void finish(Job& job)
    {
        const auto ending = job.child.wait();
        tell(job.result, {HelperFrame::Kind::ended, ending.crashed, ending.code});
    }

    void reap(std::size_t index)
    {
        finish(jobs_[index]);
        jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(index));
    }

    int socket_;
    const Environment& environment_;
    const VariableRule& allowed_;
    const JudgeRule& judges_;
    std::vector<Job> jobs_;
    std::vector<char> room_ = std::vector<char>(longest_request);
};

}

std::string HelperFrame::encode() const
{
    std::string bytes(size, '\0');
    bytes[0] = static_cast<char>(kind);
    bytes[1] = crashed ? 1 : 0;
    std::memcpy(bytes.data() + 4, &value, sizeof value);
    return bytes;
}

std::optional<HelperFrame> HelperFrame::decode(std::string_view bytes)
{
    if (bytes.size() != size || std::string_view("PRE").find(bytes[0]) == std::string_view::npos)
        return std::nullopt;
    HelperFrame frame{static_cast<Kind>(bytes[0]), bytes[1] != 0, 0};
    std::memcpy(&frame.value, bytes.data() + 4, sizeof frame.value);
    return frame;
}

Fd start_submission_helper(const Environment& environment, const VariableRule& allowed,
                           const JudgeRule& judges)
{
    // A signal to the process group would lose messages half-way.
    return start_helper_process(
        [&](int socket) { return Helper(socket, environment, allowed, judges).run(); });
}

HelperJob ask_helper(int socket, const std::vector<std::string>& variables)
{
    Pipe message = make_pipe(), envelope = make_pipe(), response = make_pipe(),
         result = make_pipe();
    std::string request = "q";
    for (const auto& entry : variables) request += entry + '\0';
    if (request.size() > longest_request) throw_error(E2BIG, "too many variables for qmail-queue");
    if (!send_packet(socket, request,
                     {message.reader.get(), envelope.reader.get(), response.writer.get(),
                      result.writer.get()}))
        throw_errno("unable to ask the submission helper");
    for (const auto* ours : {&message.writer, &envelope.writer, &response.reader, &result.reader})
        set_nonblocking(ours->get());
    return {std::move(message.writer), std::move(envelope.writer), std::move(response.reader),
            std::move(result.reader)};
}

// The input lies in the pipe before the program starts: it is shorter than any pipe's room.
Fd ask_judge(int socket, std::string_view which, const std::vector<std::string>& variables,
             std::string_view input)
{
    if (input.size() > longest_judge_input) throw_error(E2BIG, "too much to be judged");
    Pipe pipe = make_pipe(), result = make_pipe();
    set_nonblocking(pipe.writer.get());
    write_all(pipe.writer.get(), input, "what is to be judged");
    std::string request = 'j' + std::string(which) + '\0';
    for (const auto& entry : variables) request += entry + '\0';
    if (request.size() > longest_request) throw_error(E2BIG, "too many variables for a program");
    if (!send_packet(socket, request, {pipe.reader.get(), result.writer.get()}))
        throw_errno("unable to ask the submission helper");
    set_nonblocking(result.reader.get());
    return std::move(result.reader);
}

}
