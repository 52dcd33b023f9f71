// The built qmail-send between a test that plays both spawners and (unless told otherwise) the
// built qmail-clean; messages are laid into the queue by hand.
#pragma once

#include "queue/delivery.hpp"
#include "queue/records.hpp"
#include "queue/spool.hpp"
#include "support/process.hpp"
#include "support/temp_home.hpp"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::test {

using queue::Channel;
using queue::MessageNumber;

struct SendingOptions {
    unsigned char local_limit = 10, remote_limit = 20;
    std::vector<std::string> environment = {};
    bool clean = true;      // run qmail-clean; else the test answers
    bool spawners = true;   // else they are gone before they said their limits
};

class Sending {
public:
    using Options = SendingOptions;
    explicit Sending(const TempHome& home, Options options = {});

    // The next command on a channel; nullopt when none comes in time.
    std::optional<queue::Job> next_job(Channel channel, milliseconds limit = patience);
    void report(Channel channel, unsigned number, char letter, std::string_view text);
    void write_raw(Channel channel, std::string_view bytes);
    void hang_up(Channel channel);

    // The next line of the log, without its LF; "(none)" when none comes.
    std::string next_line(milliseconds limit = patience);
    // Lines up to and with the first that begins so.
    std::vector<std::string> lines_until(std::string_view beginning);
    void close_log() { log_.reset(); }

    Process& process() { return *send_; }
    std::optional<Ending> wait() { return send_->wait(); }
    std::optional<Ending> stop();   // SIGTERM

    std::string clean_request();   // without the NUL; only where `clean` is false
    void clean_answer(char answer);
    void hang_up_clean();

private:
    struct Side {
        Fd to, from;
        queue::JobReader reader;
        std::string bytes;
    };
    Side& side(Channel channel) { return channel == Channel::local ? local_ : remote_; }
    bool more(int descriptor, std::string& bytes, milliseconds limit);

    Side local_, remote_;
    Fd log_, clean_in_, clean_out_;
    std::string log_bytes_, clean_bytes_;
    std::optional<Process> clean_, send_;
};

// S2: mess/S/N alone.
MessageNumber lay_mess(const TempHome& home, std::string_view message);
// S4: mess/S/N and todo/N with these bytes; then the trigger is pulled.
MessageNumber lay_todo(const TempHome& home, std::string_view todo,
                       std::string_view message = "Subject: x\n\nbody\n", bool pull = true);
void pull_trigger(const TempHome& home);
MessageNumber lay_message(const TempHome& home, std::string_view sender,
                          const std::vector<std::string>& recipients,
                          std::string_view message = "Subject: x\n\nbody\n");
// S5 without todo: info with this birth, local and remote as given (empty: no such file).
MessageNumber lay_sorted(const TempHome& home, std::string_view info, std::string_view local,
                         std::string_view remote, std::time_t birth, std::time_t due,
                         std::string_view message = "Subject: x\n\nbody\n");

std::string queue_path(const TempHome& home, std::string_view folder, MessageNumber n);
void set_age(const std::string& path, std::time_t when);
inline std::string zeros(std::string text)
{
    for (char& c : text)
        if (c == '|') c = '\0';
    return text;
}

}
