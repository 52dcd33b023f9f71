#include "send/mess_scan.hpp"

#include "base/net/timer.hpp"
#include "base/sys/file.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace grapnel::send {

namespace asio = boost::asio;
using std::chrono::seconds;

namespace {

constexpr seconds between_scans{76431}, after_unreadable{10};
constexpr std::time_t old_enough = 129600;
constexpr std::size_t at_once = 64;

std::optional<std::vector<std::string>> names_in(const std::string& directory)
{
    try {
        return list_directory(directory);
    } catch (const std::system_error&) {
        return std::nullopt;
    }
}

}

asio::awaitable<void> MessScan::run()
{
    for (;;) {
        for (unsigned i = 0; i < spool_.split(); ++i) co_await look_through(i);
        co_await net::sleep_for(between_scans);
    }
}

asio::awaitable<void> MessScan::look_through(unsigned directory)
{
    const std::string path = "mess/" + std::to_string(directory);
    auto names = names_in(path);
    while (!names) {
        log_.alert("unable to opendir " + path + ", sleeping...");
        co_await net::sleep_for(after_unreadable);
        names = names_in(path);
    }
    std::size_t seen = 0;
    for (const auto& name : *names) {
        const auto n = queue::message_number(name);
        if (n && is_left_over(*n)) finishing_.remove({*n});
        if (++seen % at_once == 0) co_await net::sleep_for(seconds(0));
    }
}

// By access time, as everybody does who shares this queue; it must be old by both clocks, lest a
// jump of one make litter of what is being received. What is just being removed is not left over.
bool MessScan::is_left_over(queue::MessageNumber n) const
{
    try {
        const auto mess = status_if_there(spool_.mess(n));
        const auto now = std::min<std::time_t>(agenda_.wall_now(), agenda_.now() / 1000);
        return mess && now > mess->st_atime + old_enough && !marks_.is_eliminated(n) &&
               !intake_.contains(n) && !status_if_there(spool_.info(n)) &&
               !status_if_there(queue::Spool::todo(n));
    } catch (const std::system_error&) {
        return false;
    }
}

}
