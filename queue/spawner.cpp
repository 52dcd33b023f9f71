#include "queue/spawner.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/limits.hpp"
#include "base/sys/signal.hpp"
#include "base/sys/watch.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <optional>
#include <unordered_map>

namespace grapnel::queue {

namespace {

struct Delivery {
    Child child;
    Fd output;   // at its end: closed, and ending is waited for; the carrier's have none
    Fd ending;   // readable when the child has ended
    std::string text;
};

// Digits, with slashes anywhere but in front, at most 99 bytes: nothing that leaves queue/mess.
std::optional<Outcome> objection(const Job& job, unsigned limit, bool in_use)
{
    if (job.number == question_number || slot_of_number(job.number) >= limit)
        return Outcome{'Z', "Internal error: delnum too big. (#4.3.5)\n"};
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

constexpr std::uint64_t input_number = ~std::uint64_t{0}, carrier_number = input_number - 1;

class Server : Carrier::Customer {
public:
    Server(const Spawning& spawning, uid_t mess_owner, unsigned limit)
        : spawning_(spawning), mess_owner_(mess_owner), limit_(limit)
    {
        input_is_file_ = !watch_.add(0, input_number);
        if (spawning_.carrier) watch_.add(spawning_.carrier->descriptor(), carrier_number);
    }

    void run()
    {
        while (input_open_ || !deliveries_.empty()) {
            bool input_ready = input_open_ && input_is_file_, carrier_ready = false;
            for (const auto& event : watch_.wait(input_ready ? 0 : -1)) {
                if (event.data.u64 == input_number)
                    input_ready = true;
                else if (event.data.u64 == carrier_number)
                    carrier_ready = true;
                else
                    look_after(static_cast<unsigned>(event.data.u64));
            }
            if (carrier_ready) spawning_.carrier->look(*this);
            // Last, so that no number begins anew among the events of its old delivery.
            if (input_ready && input_open_) read_commands();
        }
    }

private:
    void read_commands()
    {
        std::array<char, 4096> buffer;
        const auto count = read_or_end(0, buffer);
        if (count == 0) close_input();
        std::string_view bytes(buffer.data(), count);
        while (const auto job = reader_.take(bytes)) begin(*job);
        if (reader_.broken()) close_input();
    }

    void close_input()
    {
        if (input_open_) watch_.remove(0);
        input_open_ = false;
    }

    void begin(const Job& job)
    {
        if (is_question(job)) return extend(offers_records(job));
        if (auto no = objection(job, limit_, deliveries_.contains(job.number)))
            return say(job.number, *no);
        if (auto no = try_to_start(job)) say(job.number, *no);
    }

    // qmail-send asked, so it knows numbers beyond a byte. Each delivery holds one descriptor, some
    // are needed to start the next, and a carrier has his own.
    void extend(bool with_records)
    {
        constexpr std::size_t reserve = 256;
        const auto room = raise_ourselves(Limit::descriptors, most_deliveries + reserve);
        if (room > limit_ + reserve)
            limit_ = std::min(most_deliveries, static_cast<unsigned>(room - reserve));
        if (with_records) reader_.expect_records();
        send(encode(Offer{limit_, with_records}));
    }

    std::optional<Outcome> try_to_start(const Job& job)
    {
        Fd message(::open(job.message.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        if (!message) return Outcome{'Z', "qmail-spawn unable to open message. (#4.3.0)\n"};
        struct stat about {};
        if (::fstat(message.get(), &about) != 0)
            return Outcome{'Z', "qmail-spawn unable to fstat message. (#4.3.0)\n"};
        if (!S_ISREG(about.st_mode))
            return Outcome{'Z', "Sorry, message has wrong type. (#4.3.5)\n"};
        if (about.st_uid != mess_owner_)
            return Outcome{'Z', "Sorry, message has wrong owner. (#4.3.5)\n"};
        set_nonblocking(message.get(), false);
        if (!spawning_.carrier || !spawning_.carrier->take(job, message))
            return start_process(job, message);
        deliveries_.try_emplace(job.number);
        return std::nullopt;
    }

    std::optional<Outcome> start_process(const Job& job, const Fd& message)
    {
        Pipe output;
        try {
            output = make_pipe();
        } catch (const std::system_error&) {
            return Outcome{'Z', "qmail-spawn unable to create pipe. (#4.3.0)\n"};
        }
        try {
            auto& delivery = deliveries_[job.number];
            delivery.output = std::move(output.reader);
            watch_.add(delivery.output.get(), job.number);
            delivery.child = spawning_.start(job, message.get(), output.writer.get());
            return std::nullopt;
        } catch (const std::bad_alloc&) {
            forget(job.number);
            return Outcome{'Z', "qmail-spawn out of memory. (#4.3.0)\n"};
        } catch (const std::system_error&) {
            forget(job.number);
            return Outcome{'Z', "qmail-spawn unable to fork. (#4.3.0)\n"};
        }
    }

    void ended(unsigned number, const Outcome& outcome) override
    {
        say(number, outcome);
        forget(number);
    }

    void returned(const Job& job, Fd message) override
    {
        if (auto no = start_process(job, message)) ended(job.number, *no);
    }

    void forget(unsigned number)
    {
        const auto found = deliveries_.find(number);
        if (found == deliveries_.end()) return;
        for (const auto* watched : {&found->second.output, &found->second.ending})
            if (*watched) watch_.remove(watched->get());
        deliveries_.erase(found);
    }

    void look_after(unsigned number)
    {
        auto& delivery = deliveries_.at(number);
        if (delivery.output && !read_output(delivery)) return;
        auto ending = delivery.child.try_wait();
        if (!ending && !delivery.ending && outlives_output(delivery, number)) return;
        if (!ending) ending = delivery.child.wait();
        say(number, spawning_.report(*ending, delivery.text));
        forget(number);
    }

    // It closed its output and lives on: nobody else's delivery waits for that.
    bool outlives_output(Delivery& delivery, unsigned number)
    {
        watch_.remove(delivery.output.get());
        delivery.output.reset();
        delivery.ending = process_handle(delivery.child.pid());
        return delivery.ending && watch_.add(delivery.ending.get(), number);
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

    void say(unsigned number, const Outcome& outcome)
    {
        send(Report{number, outcome.letter, outcome.text});
    }

    // A dead qmail-send does not stop running deliveries: the report is lost, the message is tried
    // again.
    void send(const Report& report)
    {
        try {
            write_all(1, encode(report));
        } catch (const std::system_error&) {
            close_input();
        }
    }

    const Spawning& spawning_;
    uid_t mess_owner_;
    unsigned limit_;
    JobReader reader_;
    Watch watch_;
    std::unordered_map<unsigned, Delivery> deliveries_;
    bool input_open_ = true, input_is_file_ = false;
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
