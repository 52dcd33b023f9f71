#include "base/sys/spawn.hpp"

#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/limits.hpp"
#include "base/sys/signal.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace grapnel {

namespace {

Ending ending(int status)
{
    if (WIFSIGNALED(status)) return {true, WTERMSIG(status)};
    return {false, WEXITSTATUS(status)};
}

// All that exec needs, made before fork: between fork and exec only async-signal-safe calls.
class Prepared {
public:
    explicit Prepared(const Command& command)
        : command_(command),
          arguments_(command.arguments.empty() ? std::vector{command.path} : command.arguments),
          environment_(command.environment ? *command.environment
                                           : Environment::of_process().entries())
    {
        for (auto& argument : arguments_) argv_.push_back(argument.data());
        for (auto& entry : environment_) envp_.push_back(entry.data());
        argv_.push_back(nullptr);
        envp_.push_back(nullptr);
        find_candidates();
        moved_.resize(command.descriptors.size());
        drop_ = command.identity && !in_sandbox();
    }

    // It becomes nobody else.
    bool stays_who_we_are() const { return !drop_; }

    [[noreturn]] void exec()
    {
        default_signals();
        if (command_.directory && ::chdir(command_.directory->c_str()) != 0) fail(errno);
        // What our own parent left open is no business of the child's. Kernels before 5.11: it
        // stays.
        ::close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
        if (!place_descriptors()) fail(errno);
        if (drop_ && !drop_privileges()) fail(errno);
        give_back_limits();   // not before: we may hold more descriptors than it gets
        int error = ENOENT;
        for (const auto& candidate : candidates_) {
            ::execve(candidate.c_str(), argv_.data(), envp_.data());
            if (errno != ENOENT && errno != ENOTDIR) error = errno;
            if (error != ENOENT && error != EACCES) break;
        }
        fail(error);
    }

private:
    void find_candidates()
    {
        if (!command_.search_path || command_.path.find('/') != std::string::npos) {
            candidates_.push_back(command_.path);
            return;
        }
        std::string_view path = "/bin:/usr/bin";
        for (const std::string_view entry : environment_)
            if (entry.starts_with("PATH=")) path = entry.substr(5);
        for (const auto directory : split(path, ':'))
            candidates_.push_back((directory.empty() ? "." : std::string(directory)) + '/' +
                                  command_.path);
    }

    // First out of the way, so that no target is overwritten while it is still a source.
    bool place_descriptors()
    {
        int highest = 3;
        for (const auto& [number, ours] : command_.descriptors)
            highest = std::max({highest, number + 1});
        for (std::size_t i = 0; i < moved_.size(); ++i) {
            moved_[i] = ::fcntl(command_.descriptors[i].second, F_DUPFD_CLOEXEC, highest);
            if (moved_[i] < 0) return false;
        }
        for (std::size_t i = 0; i < moved_.size(); ++i)
            if (::dup2(moved_[i], command_.descriptors[i].first) < 0) return false;
        for (const int number : command_.closed) ::close(number);
        return true;
    }

    bool drop_privileges() const
    {
        const auto& who = *command_.identity;
        if (::setgroups(who.groups.size(), who.groups.data()) != 0) return false;
        if (::setresgid(who.gid, who.gid, who.gid) != 0) return false;
        if (::setresuid(who.uid, who.uid, who.uid) != 0) return false;
        if (!is_exactly(who) || (who.uid != 0 && ::setuid(0) == 0)) {
            errno = EPERM;
            return false;
        }
        return true;
    }

    static void say(std::string_view words)
    {
        [[maybe_unused]] const auto ignored = ::write(2, words.data(), words.size());
    }

    [[noreturn]] void fail(int error) const
    {
        if (command_.exec_failed_words) {
            say(command_.exec_failed_words->first);
            say(reason(error));
            say(command_.exec_failed_words->second);
        }
        if (!command_.exec_failed_text.empty()) {
            for (const std::string_view part :
                 {std::string_view(command_.exec_failed_text), std::string_view(": "),
                  reason(error), std::string_view("\n")}) {
                [[maybe_unused]] const auto ignored = ::write(2, part.data(), part.size());
            }
        }
        ::_exit(is_temporary(error) ? command_.exec_failed_later : command_.exec_failed_never);
    }

    const Command& command_;
    std::vector<std::string> arguments_, environment_, candidates_;
    std::vector<char*> argv_, envp_;
    std::vector<int> moved_;
    bool drop_ = false;
};

}

Ending Child::wait()
{
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0)
        if (errno != EINTR) throw_errno("unable to wait for child");
    pid_ = -1;
    return ending(status);
}

std::optional<Ending> Child::try_wait()
{
    int status = 0;
    const pid_t done = ::waitpid(pid_, &status, WNOHANG);
    if (done < 0 && errno != EINTR) throw_errno("unable to wait for child");
    if (done <= 0) return std::nullopt;
    pid_ = -1;
    return ending(status);
}

// glibc 2.36 has no wrapper in <unistd.h>; close-on-exec is what the kernel gives.
Fd process_handle(pid_t pid) { return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

void Child::kill(int signal) const
{
    if (pid_ > 0) ::kill(pid_, signal);
}

namespace {

// A child that stays who we are borrows our memory until it execs; nothing is copied. We stand
// still so long: a child that becomes somebody else gets a copy, for that somebody could stop it,
// and us with it.
[[gnu::noinline]] pid_t start(Prepared& prepared)
{
    const bool borrows = !address_sanitizer && prepared.stays_who_we_are();
    const pid_t pid = borrows ? ::vfork() : ::fork();
    if (pid == 0) prepared.exec();
    return pid;
}

}

Child spawn(const Command& command)
{
    Prepared prepared(command);
    // All signals wait until the child has its default handlers, lest ours run there.
    sigset_t all, before;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &before);
    const pid_t pid = start(prepared);
    const int error = errno;
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    if (pid < 0) throw_error(error, "unable to fork");
    return Child(pid);
}

void execute(const Command& command)
{
    Prepared prepared(command);
    prepared.exec();
}

Child fork_child(const std::function<int()>& body)
{
    const pid_t pid = ::fork();
    if (pid < 0) throw_errno("unable to fork");
    if (pid > 0) return Child(pid);
    int code = 111;
    try {
        code = body();
    } catch (...) {
        code = 111;
    }
    ::_exit(code);
}

}
