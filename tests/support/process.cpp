#include "support/process.hpp"

#include "base/sys/file.hpp"
#include "base/sys/signal.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

namespace grapnel::test {

namespace {

bool listed(const Launch& launch, int number)
{
    return std::any_of(launch.descriptors.begin(), launch.descriptors.end(),
                       [&](const auto& pair) { return pair.first == number; });
}

void take(Fd& from, std::string& into)
{
    std::array<char, 65536> buffer;
    const ssize_t count = ::read(from.get(), buffer.data(), buffer.size());
    if (count > 0) into.append(buffer.data(), static_cast<std::size_t>(count));
    if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) from.reset();
}

milliseconds left(std::chrono::steady_clock::time_point deadline)
{
    const auto rest =
        std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
    return std::max(rest, milliseconds(0));
}

// Programs that forbid dumps are looked into by root with CAP_SYS_PTRACE only, which root of a
// container may not have.
bool may_read_environments()
{
    static const bool answer = [] {
        Pipe ready = make_pipe();
        Child child = fork_child([&] {
            ::prctl(PR_SET_DUMPABLE, 0);
            ready.writer.reset();
            ::pause();
            return 0;
        });
        ready.writer.reset();
        char nothing = 0;
        [[maybe_unused]] const auto ended = ::read(ready.reader.get(), &nothing, 1);
        const auto path = "/proc/" + std::to_string(child.pid()) + "/environ";
        const bool readable = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)).get() >= 0;
        child.kill(SIGKILL);
        child.wait();
        return readable;
    }();
    return answer;
}

// All that we, or those we started, started. Orphans are ours, see Process.
std::vector<Running> descendants()
{
    struct Entry {
        Running process;
        pid_t parent;
    };
    std::vector<Entry> all;
    for (const auto& name : list_directory("/proc")) {
        if (!parse_number<unsigned>(name)) continue;
        try {
            const auto stat = read_file("/proc/" + name + "/stat", 4096);   // 1 (name) S 0 …
            const auto begin = stat.find('('), end = stat.rfind(')');
            if (begin == std::string::npos || end + 4 >= stat.size()) continue;
            if (stat[end + 2] == 'Z' || stat[end + 2] == 'X') continue;
            all.push_back(
                {{static_cast<pid_t>(std::stol(name)), stat.substr(begin + 1, end - begin - 1)},
                 static_cast<pid_t>(std::stol(stat.substr(end + 4)))});
        } catch (const std::system_error&) {
            // It ended meanwhile.
        }
    }
    std::vector<Running> found;
    std::vector<pid_t> parents{::getpid()};
    for (std::size_t i = 0; i < parents.size(); ++i)
        for (const auto& entry : all)
            if (entry.parent == parents[i]) {
                parents.push_back(entry.process.pid);
                found.push_back(entry.process);
            }
    return found;
}

}

Process::Process(Launch launch) : own_group_(launch.own_group)
{
    ignore_signal(SIGPIPE);
    if (!may_read_environments()) ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    Command command;
    command.arguments = launch.argv;
    // A session of its own: setsid execs the program in the same process, since a forked child
    // leads no group.
    if (own_group_) command.arguments.insert(command.arguments.begin(), "/usr/bin/setsid");
    command.path = command.arguments.front();
    command.search_path = true;
    command.environment = launch.environment;
    if (!launch.directory.empty()) command.directory = launch.directory;
    command.descriptors = launch.descriptors;
    Pipe in, out, err;
    const auto add = [&](int number, Pipe& pipe, Fd& child_end) {
        if (listed(launch, number)) return;
        pipe = make_pipe();
        command.descriptors.emplace_back(number, child_end.get());
    };
    add(0, in, in.reader);
    add(1, out, out.writer);
    add(2, err, err.writer);
    child_ = spawn(command);
    input_ = std::move(in.writer);
    out_ = std::move(out.reader);
    err_ = std::move(err.reader);
}

Process::~Process()
{
    if (!child_) return;
    if (own_group_) ::kill(-pid(), SIGKILL);
    kill(SIGKILL);
    child_.wait();
}

void Process::write(std::string_view bytes)
{
    // Its output is read meanwhile, so that neither waits for the other.
    set_nonblocking(input_.get());
    while (!bytes.empty() && input_) {
        const ssize_t count = ::write(input_.get(), bytes.data(), bytes.size());
        if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
        if (count < 0 && errno != EAGAIN && errno != EINTR) return;
        if (count < 0) pump(milliseconds(20));
    }
}

void Process::pump(milliseconds limit)
{
    std::array<pollfd, 2> entries{{{out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}}};
    if (::poll(entries.data(), entries.size(), static_cast<int>(limit.count())) <= 0) return;
    if (entries[0].revents) take(out_, output_);
    if (entries[1].revents) take(err_, errors_);
}

bool Process::wait_for_output(std::string_view text, milliseconds limit)
{
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (output_.find(text) == std::string::npos) {
        if (!out_ || left(deadline) == milliseconds(0)) return false;
        pump(left(deadline));
    }
    return true;
}

std::optional<Ending> Process::wait(milliseconds limit)
{
    input_.reset();
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while ((out_ || err_) && left(deadline) > milliseconds(0)) {
        pump(std::min(left(deadline), milliseconds(50)));
        // A grandchild may hold our pipes open for ever: what counts is the program.
        if (!running()) break;
    }
    wait_until([&] { return !running(); }, left(deadline));
    for (std::size_t before = output_.size() + errors_.size() + 1; !running() && (out_ || err_);) {
        pump(milliseconds(0));
        if (before == output_.size() + errors_.size()) break;
        before = output_.size() + errors_.size();
    }
    return ending_;
}

bool Process::running()
{
    // Seen, not reaped: its number stays taken, so that the destructor's kill can only hit its own
    // group.
    siginfo_t seen{};
    if (!ending_ &&
        ::waitid(P_PID, static_cast<id_t>(pid()), &seen, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        seen.si_pid == pid())
        ending_ = Ending{seen.si_code != CLD_EXITED, seen.si_status};
    return !ending_;
}

void Process::kill(int signal) const
{
    if (!ending_) child_.kill(signal);
}

std::vector<Running> processes_with(std::string_view entry)
{
    if (!may_read_environments()) return descendants();
    std::vector<Running> found;
    const std::string wanted = '\0' + std::string(entry) + '\0';
    for (const auto& name : list_directory("/proc")) {
        if (!parse_number<unsigned>(name)) continue;
        try {
            const auto environment = '\0' + read_file("/proc/" + name + "/environ", 1 << 20);
            if (environment.find(wanted) == std::string::npos) continue;
            const auto comm = read_file("/proc/" + name + "/comm", 64);
            found.push_back({static_cast<pid_t>(std::stol(name)), comm.substr(0, comm.find('\n'))});
        } catch (const std::system_error&) {
            // It ended meanwhile, or is another user's.
        }
    }
    return found;
}

Finished run(Launch launch, std::string_view input, milliseconds limit)
{
    Process process(std::move(launch));
    if (process.input() >= 0) process.write(input);
    const auto ending = process.wait(limit);
    if (!ending) process.kill(SIGKILL);
    const auto last = ending ? ending : process.wait();
    return {ending ? *last : Ending{true, -1}, process.output(), process.errors()};
}

}
