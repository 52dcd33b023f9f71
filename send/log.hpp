// Every line that qmail-send can say, word for word as in qmail-log(5), on descriptor 0. A log that
// cannot take a line never stops mail: the line is dropped and counted.
#pragma once

#include "queue/records.hpp"
#include "queue/spool.hpp"
#include "send/verdict.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace grapnel::send {

// Fit for the log: LF becomes "/"; what is no visible ASCII character, and "%", becomes "_".
std::string safe(std::string_view text);

struct Usage {
    unsigned running = 0, limit = 0;
};

class Log {
public:
    explicit Log(int descriptor) : descriptor_(descriptor) {}

    using Number = queue::MessageNumber;
    void status(Usage local, Usage remote, bool ending);
    void exiting();
    void new_message(Number n);
    void message_name(Number n, std::string_view uuid);
    void message_info(Number n, std::uint64_t bytes, std::string_view sender, std::uint64_t qp,
                      std::uint64_t uid);
    void starting_delivery(std::uint64_t delivery, Number n, queue::Channel channel,
                           std::string_view recipient);
    void delivered(std::uint64_t delivery, std::string_view report);
    void failed(std::uint64_t delivery, std::string_view report);
    void deferred(std::uint64_t delivery, std::string_view report);
    void mangled(std::uint64_t delivery);
    void bounced(Number n, std::uint64_t qp);
    void notice(Number n, std::string_view kind, std::uint64_t qp);   // of delay or success
    void too_late(Number n, queue::Channel channel, std::string_view recipient);
    void discarded_bounce(std::string_view which,
                          const std::string& bounce_file);   // double, triple
    void ended(Number n);

    // What scanners changed; scanner: by its name, empty where it is not known.
    void hook_changed(Number n, hooks::Stage stage, std::uint64_t delivery, const Standing& before,
                      const Standing& after, std::string_view scanner);
    void hook_refused(Number n, hooks::Stage stage, std::uint64_t delivery, std::string_view what);
    void hook_cancelled(Number n, hooks::Stage stage, std::string_view scanner);
    void hook_notice(Number n, std::string_view what, std::string_view scanner);
    void hold_ended(Number n, std::string_view how);
    void hastened(std::string_view domain, std::uint64_t messages);   // domain: as ETRN names it
    void cancelled(Number n, queue::Channel channel, std::string_view recipient);

    void bounce_trouble();
    void warning(std::string_view text);   // "warning: " is put in front
    void alert(std::string_view text);

    std::size_t dropped() const { return dropped_; }

private:
    void line(std::string text);
    bool write_now(std::string_view text);

    int descriptor_;
    std::size_t dropped_ = 0;   // lines since the last one that went out
    bool cut_short_ = false;    // the last line lacks its end
};

}
