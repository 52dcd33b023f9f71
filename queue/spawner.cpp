#include "queue/spawner.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/signal.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <map>
#include <optional>
#include <vector>

namespace grapnel::queue {

namespace {

struct Delivery {
    Child child;
    Fd output;   // at its end: closed, and ending is waited for
    Fd ending;   // readable when the child has ended
    std::string text;
};

// Digits, with slashes anywhere but in front, at most 99 bytes: nothing that leaves queue/mess.
std::optional<Outcome> objection(const Job& job, unsigned limit, bool in_use)
{
    if (job.number >= limit) return Outcome{'Z', "Internal error: delnum too big. (#4.3.5)\n"};
    if (in_use) return Outcome{'Z', "Internal error: delnum in use. (#4.3.5)\n"};
    for (std::size_t i = 0; i < job.message.size(); ++i)
        if (!is_digit(job.message[i]) && (i == 0 || job.message[i] != '/'))
            return Outcome{'D', "Internal error: messid has nonnumerics. (#5.3.5)\n"};
    if (job.message.size() > 99) return Outcome{'D', "Internal error: messid too long. (#5.3.5)\n"};
    if (job.message.empty()) return Outcome{'D', "Internal error: messid too short. (#5.3.5)\n"};
    if (job.recipient.find('@') == std::string::npos)
        return Outcome{'D', "Sorry, address must include host name. (#5.1.3)\n"};
    return std::nullopt;
}

class Server {
public:
    Server(const Spawning& spawning, uid_t mess_owner, unsigned limit)
        : spawning_(spawning), mess_owner_(mess_owner), limit_(limit)
    {
    }

    void run()
    {
        while (input_open_ || !deliveries_.empty()) {
            auto ready = wait();
            if (ready.empty()) continue;
            for (std::size_t i = 0; i + 1 < ready.size(); ++i)
                if (ready[i].revents != 0) look_after(numbers_[i]);
            if (ready.back().fd == 0 && ready.back().revents != 0) read_commands();
        }
    }

private:
    std::vector<pollfd> wait()
    {
        std::vector<pollfd> wanted;
        numbers_.clear();
        for (const auto& [number, delivery] : deliveries_) {
            wanted.push_back(
                {delivery.output ? delivery.output.get() : delivery.ending.get(), POLLIN, 0});
            numbers_.push_back(number);
        }
        wanted.push_back({input_open_ ? 0 : -1, POLLIN, 0});
        const int count = ::poll(wanted.data(), wanted.size(), -1);
        if (count < 0 && errno == EINVAL) throw_errno("unable to poll");
        if (count < 0 && errno != EINTR)
            ::usleep(100'000);   // no memory: deliveries that end may give some back
        if (count < 0) wanted.clear();
        return wanted;
    }

    void read_commands()
    {
        std::array<char, 4096> buffer;
        const auto count = read_or_end(0, buffer);
        if (count == 0) input_open_ = false;
        std::string_view bytes(buffer.data(), count);
        while (const auto job = reader_.take(bytes)) begin(*job);
        if (reader_.broken()) input_open_ = false;
    }

    void begin(const Job& job)
    {
        if (auto no = objection(job, limit_, deliveries_.contains(job.number)))
            return say(job.number, *no);
        if (auto no = try_to_start(job)) say(job.number, *no);
    }

    std::optional<Outcome> try_to_start(const Job& job)
    {
        const Fd message(::open(job.message.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        if (!message) return Outcome{'Z', "qmail-spawn unable to open message. (#4.3.0)\n"};
        struct stat about {};
        if (::fstat(message.get(), &about) != 0)
            return Outcome{'Z', "qmail-spawn unable to fstat message. (#4.3.0)\n"};
        if (!S_ISREG(about.st_mode))
            return Outcome{'Z', "Sorry, message has wrong type. (#4.3.5)\n"};
        if (about.st_uid != mess_owner_)
            return Outcome{'Z', "Sorry, message has wrong owner. (#4.3.5)\n"};
        set_nonblocking(message.get(), false);
        Pipe output;
        try {
            output = make_pipe();
        } catch (const std::system_error&) {
            return Outcome{'Z', "qmail-spawn unable to create pipe. (#4.3.0)\n"};
        }
        try {
            Child child = spawning_.start(job, message.get(), output.writer.get());
            deliveries_.insert_or_assign(
                job.number, Delivery{std::move(child), std::move(output.reader), {}, {}});
        } catch (const std::bad_alloc&) {
            return Outcome{'Z', "qmail-spawn out of memory. (#4.3.0)\n"};
        } catch (const std::system_error&) {
            return Outcome{'Z', "qmail-spawn unable to fork. (#4.3.0)\n"};
        }
        return std::nullopt;
    }

    void look_after(unsigned number)
    {
        auto& delivery = deliveries_.at(number);
        if (delivery.output && !read_output(delivery)) return;
        auto ending = delivery.child.try_wait();
        if (!ending && !delivery.ending) {
            // It closed its output and lives on: nobody else's delivery waits for that.
            delivery.output.reset();
            delivery.ending =
                Fd(static_cast<int>(::syscall(SYS_pidfd_open, delivery.child.pid(), 0)));
            if (delivery.ending) return;
        }
        if (!ending) ending = delivery.child.wait();
        say(number, spawning_.report(*ending, delivery.text));
        deliveries_.erase(number);
    }

    // True: at its end.
    bool read_output(Delivery& delivery) const
    {
        std::array<char, 4096> buffer;
        const auto count = read_or_end(delivery.output.get(), buffer);
        const auto room = spawning_.output_limit - delivery.text.size();
        delivery.text.append(buffer.data(), std::min(count, room));
        return count == 0;
    }

    template <std::size_t Size>
    static std::size_t read_or_end(int descriptor, std::array<char, Size>& buffer)
    {
        try {
            return read_some(descriptor, buffer.data(), buffer.size());
        } catch (const std::system_error&) {
            return 0;
        }
    }

    // A dead qmail-send does not stop running deliveries: the report is lost, the message is tried
    // again.
    void say(unsigned number, const Outcome& outcome)
    {
        try {
            write_all(1, encode(Report{number, outcome.letter, outcome.text}));
        } catch (const std::system_error&) {
            input_open_ = false;
        }
    }

    const Spawning& spawning_;
    uid_t mess_owner_;
    unsigned limit_;
    JobReader reader_;
    std::map<unsigned, Delivery> deliveries_;
    std::vector<unsigned> numbers_;
    bool input_open_ = true;
};

}

void serve(const Spawning& spawning, uid_t mess_owner, unsigned limit)
{
    ignore_signal(SIGPIPE);
    change_directory("queue/mess");
    const char first = static_cast<char>(limit);
    write_all(1, {&first, 1});
    Server(spawning, mess_owner, limit).run();
}

}
