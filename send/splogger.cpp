// Lines on descriptor 0 go to syslog, each with a time stamp; those of qmail-send that say "alert:"
// or "warning:" with that priority. splogger [tag [facility]]
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "base/text.hpp"

#include <sys/time.h>
#include <syslog.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace grapnel;

constexpr std::size_t longest_piece = 799;   // what syslog takes without cutting

std::string time_stamp()
{
    timeval now{};
    ::gettimeofday(&now, nullptr);
    char text[40];
    std::snprintf(text, sizeof text, "%lld.%06ld", static_cast<long long>(now.tv_sec),
                  static_cast<long>(now.tv_usec));
    return text;
}

class Lines {
public:
    void take(char c)
    {
        if (c == '\n') {
            flush();
            continued_ = false;
            return;
        }
        if (piece_.size() == longest_piece) flush();
        piece_ += c < 32 || c > 126 ? '?' : c;
    }

private:
    // A long line goes in pieces: the same stamp and priority, "+" in front of all but the first.
    void flush()
    {
        if (piece_.empty()) return;
        if (!continued_) {
            stamp_ = time_stamp();
            priority_ = LOG_INFO;
            if (piece_.starts_with("warning:")) priority_ = LOG_WARNING;
            if (piece_.starts_with("alert:")) priority_ = LOG_ALERT;
        }
        ::syslog(priority_, "%s%c%s", stamp_.c_str(), continued_ ? '+' : ' ', piece_.c_str());
        continued_ = true;
        piece_.clear();
    }

    std::string piece_, stamp_;
    int priority_ = LOG_INFO;
    bool continued_ = false;
};

// The facility is a number as in <syslog.h>; mail is 2. What is no number is 0.
int facility(const std::vector<std::string>& arguments)
{
    if (arguments.size() < 2) return LOG_MAIL;
    return static_cast<int>(leading_number(arguments[1]).value_or(0) << 3);
}

int log_lines(const std::vector<std::string>& arguments)
{
    const std::string tag = arguments.empty() ? "splogger" : arguments.front();
    ::openlog(tag.c_str(), 0, facility(arguments));
    row::splogger();
    Reader input(0);
    Lines lines;
    for (;;) {
        const std::string_view piece = input.available();
        if (piece.empty()) return 0;
        for (const char c : piece) lines.take(c);
        input.consume(piece.size());
    }
}

}

int main(int count, char** values)
{
    return run("splogger", [&] { return log_lines({values + 1, values + count}); });
}
