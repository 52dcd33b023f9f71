#include "support/intruder.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/limits.hpp"
#include "base/text.hpp"
#include "support/temp_home.hpp"

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace grapnel::test {

std::string status_field(const std::string& status, const std::string& name)
{
    const auto lines = '\n' + status;
    const auto at = lines.find('\n' + name + ":\t");
    if (at == std::string::npos) return "";
    const auto begin = at + name.size() + 3;
    std::string text = lines.substr(begin, lines.find('\n', begin) - begin);
    for (char& c : text)
        if (c == '\t') c = ' ';
    return std::string(trim(text));
}

std::string status_field(pid_t pid, const std::string& name)
{
    return status_field(slurp("/proc/" + std::to_string(pid) + "/status"), name);
}

#if defined(__x86_64__)

std::string Intruder::unavailable()
{
    if (::geteuid() != 0) return "only root looks into programs that forbid dumps";
    static const std::string answer = [] {
        const pid_t child = ::fork();
        if (child == 0) ::_exit(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : 1);
        int status = 1;
        ::waitpid(child, &status, 0);
        return std::string(status == 0 ? "" : "nobody may be traced here");
    }();
    return answer;
}

Intruder::Intruder(const Launch& launch) : nothing_(open_file("/dev/null", O_RDWR))
{
    Pipe in = make_pipe();
    std::vector<std::pair<int, int>> descriptors{
        {0, in.reader.get()}, {1, nothing_.get()}, {2, nothing_.get()}};
    for (const auto& [number, ours] : launch.descriptors)
        if (number < 3)
            descriptors[static_cast<std::size_t>(number)].second = ours;
        else
            descriptors.emplace_back(number, ours);
    pid_ = ::fork();
    if (pid_ < 0) throw_errno("unable to fork");
    if (pid_ == 0) {
        ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
        execute({.path = launch.argv.front(),
                 .arguments = launch.argv,
                 .search_path = true,
                 .environment = launch.environment,
                 .descriptors = descriptors,
                 .exec_failed_text = "intruder: " + launch.argv.front()});
    }
    input_ = std::move(in.writer);
    int status = 0;
    ::waitpid(pid_, &status, 0);   // the exec
    if (!WIFSTOPPED(status)) throw std::runtime_error(launch.argv.front() + " does not start");
    ::ptrace(PTRACE_SETOPTIONS, pid_, nullptr, PTRACE_O_EXITKILL);
    ::ptrace(PTRACE_CONT, pid_, nullptr, nullptr);
}

Intruder::~Intruder()
{
    ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) == pid_ && WIFSTOPPED(status)) {}
}

bool Intruder::is_waiting(bool confined) const
{
    if (!status_field(pid_, "State").starts_with("S")) return false;
    if (!confined) return true;
#ifdef GRAPNEL_ADDRESS_SANITIZER
    return status_field(pid_, "NoNewPrivs") == "1";
#else
    return status_field(pid_, "Seccomp") == "2";
#endif
}

void Intruder::pass_signals_on()
{
    int status = 0;
    while (::waitpid(pid_, &status, WNOHANG) == pid_ && WIFSTOPPED(status)) {
        const long signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
        ::ptrace(PTRACE_CONT, pid_, nullptr, signal);
    }
}

bool Intruder::take_over(bool confined)
{
    const bool there = wait_until([&] {
        pass_signals_on();
        return is_waiting(confined);
    });
    if (there) stop();
    return there;
}

void Intruder::stop()
{
    ::kill(pid_, SIGSTOP);
    for (int status = 0;;) {
        if (::waitpid(pid_, &status, 0) != pid_ || !WIFSTOPPED(status))
            throw std::runtime_error("the program has ended");
        if (WSTOPSIG(status) == SIGSTOP) break;
        ::ptrace(PTRACE_CONT, pid_, nullptr, static_cast<long>(WSTOPSIG(status)));
    }
    stopped_ = true;
}

long Intruder::call(long number, std::vector<Argument> arguments)
{
    if (!stopped_) throw std::logic_error("not taken over");
    user_regs_struct before{};
    if (::ptrace(PTRACE_GETREGS, pid_, nullptr, &before) != 0) throw_errno("unable to look inside");
    auto registers = before;
    // Below what the stack's red zone may use.
    auto memory = (before.rsp - 65536) & ~15ull;
    std::vector<unsigned long long> values(6, 0);
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        values[i] = static_cast<unsigned long long>(arguments[i].value);
        if (!arguments[i].is_text) continue;
        std::string bytes = arguments[i].text + std::string(8, '\0');
        values[i] = memory;
        for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8, memory += 8) {
            long word = 0;
            std::memcpy(&word, bytes.data() + at, sizeof word);
            if (::ptrace(PTRACE_POKEDATA, pid_, memory, word) != 0)
                throw_errno("unable to write into the program");
        }
    }
    // It waits in a system call, so the two bytes before are one.
    registers.rip -= 2;
    registers.rax = static_cast<unsigned long long>(number);
    registers.orig_rax = ~0ull;
    registers.rdi = values[0];
    registers.rsi = values[1];
    registers.rdx = values[2];
    registers.r10 = values[3];
    registers.r8 = values[4];
    registers.r9 = values[5];
    if (::ptrace(PTRACE_SETREGS, pid_, nullptr, &registers) != 0)
        throw_errno("unable to change registers");
    int status = 0;
    ::ptrace(PTRACE_SINGLESTEP, pid_, nullptr, nullptr);
    if (::waitpid(pid_, &status, 0) != pid_ || !WIFSTOPPED(status))
        throw std::runtime_error("the program has ended");
    user_regs_struct after{};
    if (::ptrace(PTRACE_GETREGS, pid_, nullptr, &after) != 0) throw_errno("unable to look inside");
    before.orig_rax = ~0ull;
    if (number != 59) ::ptrace(PTRACE_SETREGS, pid_, nullptr, &before);
    return static_cast<long>(after.rax);
}

#else

std::string Intruder::unavailable() { return "only known for x86-64"; }
Intruder::Intruder(const Launch&) { throw std::logic_error(unavailable()); }
Intruder::~Intruder() = default;
bool Intruder::take_over(bool) { return false; }
long Intruder::call(long, std::vector<Argument>) { return -1; }

#endif

}
