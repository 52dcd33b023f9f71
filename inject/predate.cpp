// Puts a Date field with the local time zone on top of a message. predate(1).
#include "base/arguments.hpp"
#include "base/mail/date.hpp"
#include "base/sys/clock.hpp"
#include "base/sys/feed.hpp"
#include "base/sys/program.hpp"

#include <ctime>

using namespace grapnel;

namespace {

int minutes_east(std::time_t when)
{
    std::tm local{};
    ::localtime_r(&when, &local);
    const auto seconds = static_cast<int>(local.tm_gmtoff);
    return (seconds + (seconds < 0 ? -30 : 30)) / 60;
}

}

int main(int count, char** words)
{
    return run("predate", [&] {
        auto command = argument_words(count, words);
        command.erase(command.begin());
        if (command.empty()) throw Stop{100, "usage: predate child"};
        const auto now = SystemClock().now();
        return feed({command, "predate", "Date: " + date_822(now, minutes_east(now)) + '\n'});
    });
}
