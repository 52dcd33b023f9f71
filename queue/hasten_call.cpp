#include "queue/hasten_call.hpp"

#include "base/net/loop.hpp"
#include "base/sys/local_socket.hpp"

#include <chrono>
#include <system_error>
#include <utility>

namespace grapnel::queue {

namespace {

constexpr auto answer_limit = std::chrono::seconds(60);

net::asio::awaitable<HastenAnswer> ask(net::Stream stream, HastenRequest request)
{
    stream.expires_after(answer_limit);
    const auto line = encode(request);
    co_await stream.write(line);
    const auto answer = co_await stream.read_line(longest_hasten_line);
    co_return decode_hasten_answer(answer.value_or("")).value_or(HastenAnswer{});
}

}

std::string hasten_path(const std::string& home) { return home + "/run/send/hasten"; }

net::asio::awaitable<HastenAnswer> hasten(std::string path, HastenRequest request)
{
    const auto executor = co_await net::this_executor();
    HastenAnswer answer;
    try {
        if (auto socket = connect_locally(path)) {
            net::Stream stream(executor, std::move(*socket));
            answer = co_await ask(std::move(stream), std::move(request));
        }
    } catch (const std::system_error&) {
        // It has ended, or is late.
    } catch (const net::LineTooLong&) {
        // It is no qmail-send of ours.
    }
    co_return answer;
}

}
