#include "base/net/http.hpp"

#include "base/hexadecimal.hpp"
#include "base/net/digest.hpp"
#include "base/net/listener.hpp"
#include "base/net/timer.hpp"
#include "base/net/url.hpp"
#include "base/net/within.hpp"
#include "base/text.hpp"

#include <gmock/gmock.h>

#include <deque>
#include <map>
#include <set>

namespace grapnel::net {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const std::string hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello";

// Says what it was told to, one piece for each request; on loopback, in the test's own loop.
class Server {
public:
    struct Answer {
        std::string bytes;
        bool close = false;
        std::string drip = {};   // one octet every 5 ms, for ever, where there is any
        bool silent = false;     // nothing at all
    };

    explicit Server(Executor executor)
        : executor_(executor),
          listener_(open_listener({*IpAddress::parse("127.0.0.1"), 0})),
          port_(bound_to(listener_.get()).port),
          acceptor_(executor, std::move(listener_))
    {
        start(executor_, accept(), [](std::exception_ptr) {});
    }

    std::string url(const std::string& path = "/x") const
    {
        return "http://127.0.0.1:" + std::to_string(port_) + path;
    }
    void close() { acceptor_.close(); }

    std::deque<Answer> answers;
    std::vector<std::string> requests;   // as they came
    int connections = 0, ended = 0;

private:
    asio::awaitable<void> accept()
    {
        for (;;) {
            Accepted accepted = co_await acceptor_.accept();
            if (accepted.error != 0) co_return;
            ++connections;
            start(executor_, serve(Stream(executor_, std::move(accepted.socket))),
                  [this](std::exception_ptr) { ++ended; });
        }
    }

    asio::awaitable<void> serve(Stream stream)
    {
        for (;;) {
            std::string request;
            for (std::size_t length = 0;;) {
                const auto line = co_await stream.read_line(100000);
                if (!line) co_return;
                request += *line + '\n';
                if (starts_with_ignoring_case(*line, "content-length:"))
                    length = parse_number<std::size_t>(trim(line->substr(15))).value();
                if (!line->empty()) continue;
                while (stream.buffered().size() < length) {
                    const bool more = co_await stream.fill();
                    if (!more) co_return;
                }
                request += stream.buffered().substr(0, length);
                stream.consume(length);
                break;
            }
            requests.push_back(std::move(request));
            Answer answer{hello};
            if (!answers.empty()) {
                answer = std::move(answers.front());
                answers.pop_front();
            }
            co_await stream.write(answer.bytes);
            while (!answer.drip.empty()) {
                co_await sleep_for(5ms);
                co_await stream.write(answer.drip);
            }
            if (answer.silent) {
                const bool more = co_await stream.fill();
                static_cast<void>(more);
                co_return;
            }
            if (answer.close) co_return;
        }
    }

    Executor executor_;
    Fd listener_;
    std::uint16_t port_;
    Acceptor acceptor_;
};

class HttpClient : public testing::Test {
protected:
    HttpRequest get(const std::string& path = "/x")
    {
        HttpRequest request;
        request.url = server.url(path);
        request.deadline = SteadyClock::now() + 20s;
        return request;
    }

    HttpRequest post(std::string body)
    {
        auto request = get();
        request.method = "POST";
        request.body_size = body.size();
        request.body = [this, body = std::move(body)]() -> ReadBody {
            ++opened;
            return [body, at = std::size_t{0}](char* room, std::size_t size) mutable {
                const auto count = body.copy(room, size, at);
                at += count;
                return count;
            };
        };
        return request;
    }

    void run(asio::awaitable<void> work)
    {
        std::exception_ptr trouble;
        start(loop.executor(), std::move(work), [&](std::exception_ptr thrown) {
            trouble = thrown;
            loop.stop();
        });
        loop.run();
        if (trouble) std::rethrow_exception(trouble);
    }

    HttpReply ask(HttpRequest request)
    {
        HttpReply reply;
        run(asking(std::move(request), reply));
        return reply;
    }

    HttpReply answer(std::string bytes, bool close = false)
    {
        server.answers.push_back({std::move(bytes), close});
        return ask(get());
    }

    asio::awaitable<void> asking(HttpRequest request, HttpReply& reply)
    {
        reply = co_await http.ask(std::move(request));
    }

    Loop loop;
    Server server{loop.executor()};
    Http http{loop.executor(), {}};
    int opened = 0;
};

TEST_F(HttpClient, AsksAndIsAnswered)
{
    auto request = get("/a?b=c");
    request.fields = {{"X-One", "1"}, {"Authorization", "Bearer t"}};
    const auto reply = ask(request);
    EXPECT_EQ(reply.trouble, HttpTrouble::none) << reply.why;
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "hello");
    ASSERT_NE(reply.field("x-a"), nullptr);
    EXPECT_EQ(*reply.field("x-a"), "b");
    ASSERT_EQ(server.requests.size(), 1u);
    EXPECT_THAT(server.requests[0], StartsWith("GET /a?b=c HTTP/1.1\n"));
    EXPECT_THAT(server.requests[0], HasSubstr("\nX-One: 1\n"));
    EXPECT_THAT(server.requests[0], HasSubstr("\nAuthorization: Bearer t\n"));
    EXPECT_THAT(server.requests[0], HasSubstr("\nAccept-Encoding: identity\n"));
    EXPECT_THAT(server.requests[0], Not(HasSubstr("Content-Length")));
}

TEST_F(HttpClient, SendsABodyWithItsLength)
{
    const std::string body(300000, 'x');
    const auto reply = ask(post(body));
    EXPECT_EQ(reply.status, 200) << reply.why;
    EXPECT_THAT(server.requests.at(0), HasSubstr("\nContent-Length: 300000\n"));
    EXPECT_THAT(server.requests.at(0), Not(HasSubstr("Expect")));
    EXPECT_TRUE(server.requests.at(0).ends_with("\n\n" + body));
}

TEST_F(HttpClient, DeletesWithoutABody)
{
    auto request = get();
    request.method = "DELETE";
    EXPECT_EQ(ask(request).status, 200);
    EXPECT_THAT(server.requests.at(0), StartsWith("DELETE /x HTTP/1.1\n"));
}

TEST_F(HttpClient, ConnectionsStayWarm)
{
    for (int n = 0; n < 5; ++n) EXPECT_EQ(ask(get()).status, 200);
    EXPECT_EQ(server.connections, 1);
}

TEST_F(HttpClient, AConnectionThatWasClosedMeanwhileIsReplacedAndTheBodySentAgain)
{
    server.answers.push_back({hello, true});
    EXPECT_EQ(ask(get()).status, 200);
    // The server reads the second request, then closes without a word.
    server.answers.push_back({hello});
    EXPECT_EQ(ask(get()).status, 200);
    server.answers.push_back({"", true});
    const std::string large(100'000, 'x');   // not kept in one piece
    const auto reply = ask(post(large));
    EXPECT_EQ(reply.status, 200) << reply.why;
    EXPECT_EQ(opened, 2);
    EXPECT_TRUE(server.requests.back().ends_with("\n\n" + large));
    server.answers.push_back({"", true});
    EXPECT_EQ(ask(post("again")).status, 200);
    EXPECT_EQ(opened, 3);
    EXPECT_TRUE(server.requests.back().ends_with("\n\nagain"));
}

TEST_F(HttpClient, AFreshConnectionThatClosesIsNoReplacement)
{
    const auto reply = answer("", true);
    EXPECT_EQ(reply.trouble, HttpTrouble::network);
    EXPECT_EQ(server.connections, 1);
}

TEST_F(HttpClient, ConnectionCloseIsObeyed)
{
    answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(ask(get()).status, 200);
    EXPECT_EQ(server.connections, 2);
}

TEST_F(HttpClient, WhatFollowsAReplyMakesItsConnectionUseless)
{
    EXPECT_EQ(answer(hello + "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n").status, 200);
    EXPECT_EQ(ask(get()).status, 200);
    EXPECT_EQ(server.connections, 2);
}

TEST_F(HttpClient, WhatFollowsAReplyWithoutABodyIsNoReply)
{
    EXPECT_EQ(
        answer("HTTP/1.1 204 None\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n").status,
        204);
    EXPECT_EQ(ask(get()).status, 200);
}

TEST_F(HttpClient, ABodyAnnouncedWhereThereCanBeNoneMakesItsConnectionUseless)
{
    EXPECT_EQ(answer("HTTP/1.1 204 None\r\nContent-Length: 2\r\n\r\n{}").status, 204);
    EXPECT_EQ(ask(get()).status, 200);
    EXPECT_EQ(server.connections, 2);
}

TEST_F(HttpClient, FollowsNoRedirect)
{
    const auto reply = answer("HTTP/1.1 307 There\r\nLocation: " + server.url("/y") +
                              "\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(reply.status, 307);
    EXPECT_EQ(server.requests.size(), 1u);
}

TEST_F(HttpClient, KeepsNoCookies)
{
    answer("HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n");
    ask(get());
    EXPECT_THAT(server.requests.at(1), Not(HasSubstr("Cookie")));
}

TEST_F(HttpClient, ReadsChunksAndInterimReplies)
{
    const auto reply = answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
                              "chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n");
    EXPECT_EQ(reply.status, 200) << reply.why;
    EXPECT_EQ(reply.body, "abcde");
    EXPECT_EQ(reply.field("x-t"), nullptr);
}

TEST_F(HttpClient, ReadsABodyThatEndsWithTheConnection)
{
    const auto reply = answer("HTTP/1.1 200 OK\r\n\r\nall of it", true);
    EXPECT_EQ(reply.status, 200) << reply.why;
    EXPECT_EQ(reply.body, "all of it");
}

struct Bad {
    std::string name, bytes;
    HttpTrouble trouble;
};
class BadReply : public HttpClient, public testing::WithParamInterface<Bad> {};

TEST_P(BadReply, IsRefused)
{
    const auto reply = answer(GetParam().bytes, true);
    EXPECT_EQ(reply.trouble, GetParam().trouble) << reply.why;
    EXPECT_FALSE(reply.why.empty());
}

std::string many(std::size_t count, const std::string& text)
{
    std::string all;
    for (std::size_t n = 0; n < count; ++n) all += text;
    return all;
}

const std::string ok = "HTTP/1.1 200 OK\r\n";

INSTANTIATE_TEST_SUITE_P(
    Http, BadReply,
    testing::Values(
        Bad{"BothFramings",
            ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            HttpTrouble::malformed},
        Bad{"BothFramingsTheOtherWay",
            ok + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            HttpTrouble::malformed},
        Bad{"TwoLengths", ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
            HttpTrouble::malformed},
        Bad{"Encoded", ok + "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
            HttpTrouble::encoded},
        Bad{"EncodedInTransfer",
            ok + "Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            HttpTrouble::malformed},
        Bad{"LengthOverLimit", ok + "Content-Length: 2000000\r\n\r\n", HttpTrouble::too_large},
        Bad{"BodyOverLimit", ok + "\r\n" + std::string(1100000, 'x'), HttpTrouble::too_large},
        Bad{"ChunksOverLimit",
            ok + "Transfer-Encoding: chunked\r\n\r\n200000\r\n" + std::string(0x200000, 'x'),
            HttpTrouble::too_large},
        Bad{"Cut", ok + "Content-Length: 50\r\n\r\nhello", HttpTrouble::network},
        Bad{"ChunkCut", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", HttpTrouble::network},
        Bad{"HeaderCut", ok + "Content-Le", HttpTrouble::network},
        Bad{"NoHttp", "SSH-2.0-OpenSSH\r\n\r\n", HttpTrouble::malformed},
        Bad{"LongHeader", ok + many(70, "X-" + std::string(1000, 'a') + ": b\r\n") + "\r\n",
            HttpTrouble::malformed},
        Bad{"ManyFields", ok + many(101, "X: b\r\n") + "\r\n", HttpTrouble::malformed},
        Bad{"LongStatusLine", "HTTP/1.1 200 " + std::string(9000, 'x') + "\r\n\r\n",
            HttpTrouble::malformed},
        Bad{"ManyInterimReplies", many(11, "HTTP/1.1 102 Wait\r\n\r\n") + ok + "\r\n",
            HttpTrouble::malformed},
        Bad{"FoldedField", ok + "X-A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
            HttpTrouble::malformed},
        Bad{"BlankBeforeColon", ok + "Content-Length : 0\r\n\r\n", HttpTrouble::malformed},
        Bad{"ManyTrailers",
            ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + many(101, "X: b\r\n") + "\r\n",
            HttpTrouble::malformed},
        Bad{"SwitchesProtocols", "HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\n", HttpTrouble::malformed}),
    [](const auto& about) { return about.param.name; });

TEST_F(HttpClient, OfARefusalOnlyTheBeginningIsKept)
{
    const auto reply = answer("HTTP/1.1 500 No\r\n\r\n" + std::string(200000, 'x'), true);
    EXPECT_EQ(reply.trouble, HttpTrouble::none) << reply.why;
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.body.size(), HttpReplyReader::refusal_limit);
}

TEST_F(HttpClient, AnOctetNowAndThenDoesNotMoveTheDeadline)
{
    server.answers.push_back({ok + "\r\n", false, "x"});
    auto request = get();
    const auto began = SteadyClock::now();
    request.deadline = began + 200ms;
    const auto reply = ask(request);
    EXPECT_EQ(reply.trouble, HttpTrouble::timeout);
    EXPECT_EQ(reply.status, 200);
    EXPECT_GE(SteadyClock::now(), request.deadline);
    EXPECT_LT(SteadyClock::now() - began, 10s);
}

TEST_F(HttpClient, WithoutTimeNobodyIsAsked)
{
    auto request = get();
    request.deadline = SteadyClock::now();
    EXPECT_EQ(ask(request).trouble, HttpTrouble::timeout);
    EXPECT_EQ(server.connections, 0);
}

TEST_F(HttpClient, NobodyListens)
{
    server.close();
    EXPECT_EQ(ask(get()).trouble, HttpTrouble::network);
}

TEST_F(HttpClient, ABodyThatCannotBeReadIsNotSentHalf)
{
    auto request = post("short");
    request.body_size = 50;
    const auto reply = ask(request);
    EXPECT_EQ(reply.trouble, HttpTrouble::network);
    EXPECT_THAT(reply.why, HasSubstr("to be sent"));
    EXPECT_TRUE(server.requests.empty());
}

TEST_F(HttpClient, HeaderFieldsCannotBeSmuggledIn)
{
    auto request = get();
    request.fields = {{"X-One", "1\r\nX-Two: 2"}};
    EXPECT_THROW(ask(request), std::invalid_argument);
}

asio::awaitable<void> several(Http& http, std::vector<HttpRequest> requests, std::size_t& answered)
{
    const auto executor = co_await this_executor();
    Timer all(executor);
    for (auto& request : requests)
        start(
            executor,
            [](Http& client, HttpRequest one, std::size_t& count) -> asio::awaitable<void> {
                const auto reply = co_await client.ask(std::move(one));
                if (reply.status == 200) ++count;
            }(http, std::move(request), answered),
            [&](std::exception_ptr) { all.call(); });
    while (answered < requests.size()) co_await all.wait();
}

TEST_F(HttpClient, NeverHasMoreConnectionsThanAllowed)
{
    HttpOptions options;
    options.max_connections = 3;
    http = Http(loop.executor(), options);
    std::size_t answered = 0;
    run(several(http, std::vector<HttpRequest>(20, get()), answered));
    EXPECT_EQ(answered, 20u);
    EXPECT_LE(server.connections, 3);
}

TEST_F(HttpClient, ConnectionsOfABusyTimeAllStayWarm)
{
    for (int times = 0; times < 3; ++times) {
        std::size_t answered = 0;
        run(several(http, std::vector<HttpRequest>(24, post("body")), answered));
        EXPECT_EQ(answered, 24u);
    }
    EXPECT_LE(server.connections, 24);
}

asio::awaitable<void> idle_connection_goes(Http& http, HttpRequest request, const int& ended)
{
    const auto reply = co_await http.ask(std::move(request));
    EXPECT_EQ(reply.status, 200);
    while (ended == 0) co_await sleep_for(5ms);
}

TEST_F(HttpClient, AConnectionAtRestIsClosedInTheEnd)
{
    HttpOptions options;
    options.idle_limit = 50ms;
    http = Http(loop.executor(), options);
    run(idle_connection_goes(http, get(), server.ended));
    EXPECT_EQ(server.ended, 1);
}

asio::awaitable<void> cancelled(Http& http, HttpRequest request, Server& server)
{
    bool timed_out = false;
    try {
        co_await within(100ms, [](Http& client, HttpRequest one) -> asio::awaitable<void> {
            const auto reply = co_await client.ask(std::move(one));
            ADD_FAILURE() << reply.status;
        }(http, std::move(request)));
    } catch (const TimedOut&) {
        timed_out = true;
    }
    EXPECT_TRUE(timed_out);
    while (server.ended == 0) co_await sleep_for(5ms);
}

TEST_F(HttpClient, WhoIsCancelledTakesHisRequestBack)
{
    server.answers.push_back({"", false, {}, true});
    run(cancelled(http, get(), server));
    EXPECT_EQ(server.requests.size(), 1u);
    EXPECT_EQ(ask(get()).status, 200);
    EXPECT_EQ(server.connections, 2);
}

TEST(Digest, IsThatOfTheStandards)
{
    EXPECT_EQ(hexadecimal(sha256("abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hexadecimal(hmac_sha256("Jefe", "what do ya want for nothing?")),   // RFC 4231 4.3
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Url, IsTakenApart)
{
    const auto url = Url::parse("HTTPS://Mx.Example:8443/a/b?c=d");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->origin(), "https://mx.example:8443");
    EXPECT_EQ(url->path(), "/a/b?c=d");
    EXPECT_EQ(Url::parse("https://a.example")->origin(), "https://a.example:443");
    EXPECT_EQ(Url::parse("https://a.example")->path(), "/");
    EXPECT_TRUE(Url::parse("http://[::1]:80/")->is_loopback());
    EXPECT_TRUE(Url::parse("http://127.0.0.1/")->is_loopback());
    EXPECT_FALSE(Url::parse("http://localhost/")->is_loopback());
    EXPECT_FALSE(Url::parse("http://192.0.2.1/")->is_loopback());
}

TEST(Url, ReferencesAreSeenFromWhereTheyStand)
{
    const auto base = Url::parse("https://a.example:1/v1/register");
    EXPECT_EQ(base->resolve("/hooks/x")->text(), "https://a.example:1/hooks/x");
    EXPECT_EQ(base->resolve("x")->text(), "https://a.example:1/v1/x");
    EXPECT_EQ(base->resolve("../x?y")->text(), "https://a.example:1/x?y");
    EXPECT_EQ(base->resolve("https://b.example/z")->origin(), "https://b.example:443");
    EXPECT_EQ(base->resolve("//b.example/z")->origin(), "https://b.example:443");
}

TEST(Url, OthersAreNone)
{
    for (const auto* text :
         {"", "a", "/a", "ftp://a.example/", "https://", "https:///x", "https://u@a.example/",
          "https://u:p@a.example/", "https://a.example/#f", "https://a.example/ b",
          "https://a.example\\@b.example/", "https://a.example:0/", "https://a.example:65536/",
          "file:///etc/passwd", "https://a.example/\x01", "https://a.example/{x}"})
        EXPECT_FALSE(Url::parse(text)) << text;
    const auto base = Url::parse("https://a.example/");
    for (const auto* text : {"", "#f", "file:///x", "https://u@a.example/x", "javascript:x"})
        EXPECT_FALSE(base->resolve(text)) << text;
}

}
}
