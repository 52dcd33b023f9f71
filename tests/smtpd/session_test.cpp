// Sessions side by side in one loop, over socket pairs.
#include "smtpd/session.hpp"

#include "base/net/loop.hpp"
#include "base/sys/file.hpp"

#include <gtest/gtest.h>

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <exception>

namespace grapnel::smtpd {
namespace {

struct Side {
    Fd client, server;
    explicit Side(std::string_view input)
    {
        std::array<int, 2> pair{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
        client = Fd(pair[0]);
        server = Fd(pair[1]);
        write_all(client.get(), input);
        ::shutdown(client.get(), SHUT_WR);
    }
    int answered() const
    {
        int bytes = 0;
        EXPECT_EQ(::ioctl(client.get(), FIONREAD, &bytes), 0);
        return bytes;
    }
};

net::asio::awaitable<void> serve(Fd socket, std::shared_ptr<const Config> config)
{
    const auto executor = co_await net::this_executor();
    net::Stream stream(executor, std::move(socket));
    Session session(stream, {std::move(config), Peer(), -1, "test"});
    co_await session.run();
}

TEST(Session, AfterSixteenCommandsOthersHaveTheirTurn)
{
    Config made;
    made.me = made.greeting = "here.example";
    made.early_talk = EarlyTalk::ignore;
    const auto config = std::make_shared<const Config>(std::move(made));
    std::string many;
    for (int i = 0; i < 2000; ++i) many += "NOOP\r\n";
    Side busy(many), brief("NOOP\r\n");
    net::Loop loop;
    int answered_meanwhile = -1;
    const auto rethrow = [](std::exception_ptr trouble) {
        if (trouble) std::rethrow_exception(trouble);
    };
    net::start(loop.executor(), serve(std::move(busy.server), config), rethrow);
    net::start(loop.executor(), serve(std::move(brief.server), config),
               [&](std::exception_ptr trouble) {
                   rethrow(trouble);
                   answered_meanwhile = busy.answered();
               });
    loop.run();
    EXPECT_GT(brief.answered(), 0);
    EXPECT_GT(busy.answered(), 8192);
    // Replies to a group of commands go out together, after 8 KiB of them: only the greeting did.
    EXPECT_EQ(answered_meanwhile, static_cast<int>(sizeof "220 here.example ESMTP\r\n" - 1));
}

}
}
