// qmail-hookd as built, and clients who do not keep to what is agreed.
#include "base/sys/file.hpp"
#include "base/sys/memory_file.hpp"
#include "base/sys/passing.hpp"
#include "hooks/hookd_socket.hpp"
#include "hooks/wire/blocking_connection.hpp"
#include "support/example_scanner.hpp"
#include "support/wait.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <vector>

namespace grapnel::test {

namespace {

using hooks::wire::Request;

class HostileClient : public ::testing::Test {
protected:
    TempHome home;
    std::optional<ExampleScanner> scanner;
    std::optional<Process> hookd;

    void SetUp() override
    {
        scanner.emplace();
        scanner->configure(home, "10-example", "data");
        hookd.emplace(
            Launch{.argv = {home.program("qmail-hookd")}, .environment = home.environment()});
        ASSERT_TRUE(wait_until([&] {
            hookd->wait_for_output("(nothing)", milliseconds(5));
            return hookd->errors().find("registered as") != std::string::npos;
        })) << hookd->errors();
    }
    Fd connect() const
    {
        auto socket = hooks::connect_to_hookd(home.path());
        if (!socket) throw std::runtime_error("qmail-hookd is gone");
        set_nonblocking(socket->get(), false);
        return std::move(*socket);
    }
    static void send(const Fd& socket, std::string_view bytes, std::vector<int> beside = {})
    {
        EXPECT_EQ(send_with(socket.get(), bytes, beside, 0), static_cast<ssize_t>(bytes.size()));
    }
    static bool is_hung_up(const Fd& socket)
    {
        char byte = 0;
        return ::recv(socket.get(), &byte, 1, 0) <= 0;
    }
    static std::string request(bool with_message = true, std::uint64_t following = 0)
    {
        Request request;
        request.following = following;
        request.facts.stage = hooks::Stage::data;
        request.facts.envelope = hooks::EnvelopeFacts{{"a@b", {}}, {{"c@d", {}, {}}}};
        request.facts.queue = hooks::QueueFacts{"id", {}, 0};
        request.with_message = with_message;
        return hooks::wire::encode(request);
    }
    // Others are served as ever.
    std::optional<hooks::Decision> ask(int message) const { return decision(request(), message); }
    std::optional<hooks::Decision> decision(std::string_view said, int message = -1) const
    {
        hooks::BlockingConnection connection(connect(),
                                             std::chrono::steady_clock::now() + patience);
        connection.send(said, message);
        const auto frame = connection.next_frame();
        if (!frame) return std::nullopt;
        auto saying = hooks::wire::decode(*frame);
        auto* decided = std::get_if<hooks::wire::Decided>(&*saying);
        return decided ? std::optional(std::move(decided->decision)) : std::nullopt;
    }
    bool serves() const
    {
        const auto decision = ask(sealed_file("Subject: [drop]\n\n").get());
        return decision && decision->action == hooks::Action::discard;
    }
};

}

TEST_F(HostileClient, WhatMakesNoSenseEndsTheConnectionAndNothingElse)
{
    for (const auto& bytes :
         {std::string("\0\0\0\3abc", 7), std::string("\xff\xff\xff\xff", 4),
          hooks::wire::encode(hooks::wire::Decided()).substr(0, 9) + std::string(100, '\xff'),
          request(true)}) {
        const Fd socket = connect();
        send(socket, bytes);
        EXPECT_TRUE(is_hung_up(socket));
    }
    EXPECT_TRUE(serves());
}

TEST_F(HostileClient, AnswersThatNobodyAskedForEndTheConnection)
{
    const Fd socket = connect();
    const Fd message = sealed_file("Subject: x\n\n");
    send(socket, request() + hooks::wire::encode(hooks::wire::QuestionAnswered{}), {message.get()});
    EXPECT_TRUE(is_hung_up(socket));
    EXPECT_TRUE(serves());
}

TEST_F(HostileClient, PartsOfFramesAndManyConnectionsHarmNobody)
{
    std::vector<Fd> sockets;
    for (int n = 0; n < 300; ++n) {
        sockets.push_back(connect());
        send(sockets.back(), request().substr(0, static_cast<std::size_t>(n % 60)));
    }
    EXPECT_TRUE(serves());
}

TEST_F(HostileClient, WhatIsNoMessageIsNotRead)
{
    for (const char* path : {"/dev/zero", "/", "/dev/null"}) {
        const Fd file(::open(path, O_RDONLY | O_CLOEXEC));
        EXPECT_FALSE(ask(file.get())) << path;
    }
    const Pipe pipe = make_pipe();
    EXPECT_FALSE(ask(pipe.reader.get()));
    EXPECT_TRUE(serves());
}

TEST_F(HostileClient, AMessageThatIsCutWhileItIsLookedAtHarmsNobody)
{
    const Fd message = make_memory_file("x");
    write_all(message.get(), "Subject: [drop]\n\n" + std::string(200000, 'x'));
    const Fd socket = connect();
    send(socket, request(), {message.get()});
    for (int n = 0; n < 50; ++n) {
        ASSERT_EQ(::ftruncate(message.get(), 0), 0);
        ASSERT_EQ(::ftruncate(message.get(), 200000), 0);
    }
    is_hung_up(socket);   // or an answer: that is his affair
    EXPECT_TRUE(serves());
}

TEST_F(HostileClient, ALargeMessageThatNobodySealedIsCopied)
{
    const Fd message = open_file(home.path(), O_TMPFILE | O_RDWR, 0600);
    write_all(message.get(), "Subject: x\n\n" + std::string(3'000'000, 'y') + '\n');
    const auto decision = ask(message.get());
    ASSERT_TRUE(decision);
    EXPECT_EQ(decision->action, hooks::Action::accept);
    EXPECT_EQ(decision->size, 3'000'013 + std::string("X-Scanned: by example; queue=id\n").size());
}

TEST_F(HostileClient, AMessageMayFollowItsRequest)
{
    const std::string text = "Subject: x\n\n" + std::string(3'000'000, 'y') + '\n';
    const auto decided = decision(request(true, text.size()) + text);
    ASSERT_TRUE(decided);
    EXPECT_EQ(decided->size, text.size() + std::string("X-Scanned: by example; queue=id\n").size());
}

TEST_F(HostileClient, WhatFollowsMustBeTheMessageAndNoMore)
{
    const std::string text = "Subject: x\n\ny\n";
    const Fd message = sealed_file(text);
    EXPECT_FALSE(decision(request(true, text.size()) + text + "more"));
    EXPECT_FALSE(decision(request(false, text.size()) + text));
    EXPECT_FALSE(decision(request(true, text.size()) + text, message.get()));
    {
        const Fd socket = connect();
        send(socket, request(true, text.size() + 1) + text);
        ASSERT_EQ(::shutdown(socket.get(), SHUT_WR), 0);
        EXPECT_TRUE(is_hung_up(socket));
    }
    EXPECT_TRUE(serves());
}

TEST_F(HostileClient, ManyDescriptorsAreNotKept)
{
    const Fd socket = connect();
    const Fd message = sealed_file("Subject: x\n\n");
    for (int n = 0; n < 3; ++n)
        send(socket, std::string(1, '\0'), {message.get(), message.get(), message.get()});
    send(socket, std::string(1, '\1') + "x");
    EXPECT_TRUE(is_hung_up(socket));
    EXPECT_TRUE(serves());
    if (::geteuid() != 0) GTEST_SKIP() << "only root sees the descriptors of who forbids dumps";
    EXPECT_LT(list_directory("/proc/" + std::to_string(hookd->pid()) + "/fd").size(), 40u);
}

}
