// qmail-queue(8): the message on descriptor 0 and the envelope on 1 become a queued message. Runs
// setuid, started by anybody: it trusts nothing it was given, prints nothing, and answers by its
// exit code. Where qmail-queued runs, that writes the files, for many at once.
#include "base/sys/account.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/limits.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "base/sys/signal.hpp"
#include "queue/exit_code.hpp"
#include "queue/handover.hpp"
#include "queue/incoming.hpp"
#include "queue/trouble.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <new>

using namespace grapnel;
using namespace grapnel::queue;

namespace {

constexpr unsigned lifetime = 86400;   // below the 36 hours after which what we leave is collected
constexpr int block_wait_milliseconds = 10000;   // for extension records behind a complete envelope
constexpr std::size_t piece_size = 65536;        // what a pipe holds

// Our caller's other descriptors are none of our business: 3 and 4 to 6 are as they were given.
void close_the_rest() { ::close_range(7, ~0u, 0); }

void set_signals()
{
    unblock_all_signals();
    for (const int ignored :
         {SIGPIPE, SIGHUP, SIGINT, SIGQUIT, SIGVTALRM, SIGPROF, SIGXCPU, SIGXFSZ})
        ignore_signal(ignored);
    for (const int bug : {SIGILL, SIGABRT, SIGFPE, SIGBUS, SIGSEGV, SIGSYS})
        handle_signal(bug, [](int) { ::_exit(exit_code::internal); });
    // No clean-up here, as the originals: after 36 hours qmail-send has it done.
    handle_signal(SIGALRM, [](int) { ::_exit(exit_code::timeout); });
    ::alarm(lifetime);
}

// The caller's limits are his to lower, and mail must not be cut by them: at the hard limit a write
// fails.
void raise_limits()
{
    for (const auto which :
         {Limit::file_size, Limit::descriptors, Limit::memory, Limit::processor_time})
        raise_to_hard_limit(which);
}

// False: we are not its owner. Only he may make files in the queue, else no other program would
// take them.
bool enter_queue()
{
    attempt(exit_code::home, [] { change_directory(home()); });
    const bool entered = ::chdir("queue") == 0;
    const int error = errno;
    struct stat about {};
    const bool kept_out =
        entered ? ::stat(".", &about) != 0 || about.st_uid != ::geteuid() : error == EACCES;
    if (kept_out && !in_sandbox()) return false;
    if (!entered) stop(exit_code::queue_directory, error);
    return true;
}

Submitter submitter()
{
    Submitter result{
        ::getuid(), static_cast<std::uint64_t>(::getpid()), ::time(nullptr), {}, in_sandbox()};
    result.invoked = "by uid " + std::to_string(result.uid);
    if (in_sandbox()) return result;
    std::string name;
    try {
        if (const auto account = find_account(static_cast<uid_t>(result.uid))) name = account->name;
    } catch (const std::system_error&) {
        // Only the wording depends on it.
    }
    if (name == role_name(Role::alias)) result.invoked = "by alias";
    if (name == role_name(Role::send)) result.invoked = "for bounce";
    if (name != role_name(Role::daemon)) return result;
    result.invoked = "from network";
    result.says_received = true;
    return result;
}

template <class Way>   // Incoming or Handover
void read_message(Way& way)
{
    std::array<char, piece_size> piece;
    while (const auto count = attempt(exit_code::read_error,
                                      [&] { return read_some(0, piece.data(), piece.size()); }))
        way.write({piece.data(), count});
}

// The envelope is complete and nothing follows: will anything?
bool more_comes()
{
    pollfd input{1, POLLIN, 0};
    for (;;) {
        const int ready = ::poll(&input, 1, block_wait_milliseconds);
        if (ready < 0 && errno == EINTR) continue;
        if (ready < 0) stop(exit_code::read_error, errno);
        return ready > 0;
    }
}

template <class Intake>
void read_envelope(Intake& envelope)
{
    std::array<char, piece_size> piece;
    while (!envelope.complete()) {
        if (envelope.addresses_complete() && !envelope.block_begun() && !more_comes()) break;
        const auto count = attempt(exit_code::read_error,
                                   [&] { return read_some(1, piece.data(), piece.size()); });
        if (count == 0) break;
        envelope.feed({piece.data(), count});
    }
    envelope.finish();
}

template <class Way>
void pass_on(Way& way)
{
    read_message(way);
    way.end_message();
    read_envelope(way.envelope());
    way.commit();
}

void queue_message()
{
    // What was closed is no message: reading it must fail, whatever gets its number.
    const bool readable = is_open(0) && is_open(1);
    ensure_standard_descriptors();
    close_the_rest();
    if (!readable) stop(exit_code::read_error, EBADF);
    home();   // before the variables go
    ::clearenv();
    ::umask(033);
    if (!enter_queue()) {
        auto handover = Handover::begin(home());
        if (!handover)
            throw Stop{exit_code::queue_directory,
                       "qmail-queue does not run as the owner of the queue: "
                       "its setuid bit is lost or not honoured (#4.3.5)"};
        row::qmail_handover();
        return pass_on(*handover);
    }
    if (auto handover = Handover::begin_for({::getuid(), static_cast<pid_t>(::getpid())}, home())) {
        row::qmail_handover();
        return pass_on(*handover);
    }
    const Spool spool = attempt(exit_code::mess_file, [] { return Spool::open(); });
    Directories directories = attempt(exit_code::todo_file, [&] { return Directories(spool); });
    Submitter caller = submitter();
    caller.taps = TapsFile(home() + "/control").current();
    attempt(exit_code::queue_directory, [] { row::qmail_queue(); });
    Incoming incoming(directories, caller);
    pass_on(incoming);
}

}

int main()
{
    const bool wanted = response_is_wanted();
    Stop problem{exit_code::internal, "internal trouble in the queue (#4.3.0)"};
    try {
        set_signals();
        raise_limits();
        queue_message();
        return exit_code::queued;
    } catch (const Stop& stop) {
        problem = stop;
    } catch (const std::bad_alloc&) {
        problem = {exit_code::out_of_memory, "the queue is out of memory (#4.3.0)"};
    } catch (const std::exception&) {
    }
    if (wanted) respond(problem);
    return problem.exit_code;
}
