// A client who sends anything at all to a whole session with every extension on: each reply is one,
// and the session ends with its input.
#include "base/mail/utf8.hpp"
#include "base/net/loop.hpp"
#include "base/sys/file.hpp"
#include "fuzz/require.hpp"
#include "smtpd/log.hpp"
#include "smtpd/mail_domains.hpp"
#include "smtpd/session.hpp"
#include "support/scripted_hooks.hpp"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

using namespace grapnel;
using namespace grapnel::smtpd;

namespace {

constexpr std::size_t longest_input = 4096;   // its replies fit into a socket

std::shared_ptr<const Config> lavish()
{
    Config config;
    config.me = config.greeting = "here.example";
    config.early_talk = EarlyTalk::ignore;
    config.rcpthosts.emplace(std::vector<std::string>{"here.example"});
    config.databytes = 500;
    config.max_line = 300;
    config.max_hops = 3;
    config.max_recipients = 5;
    config.vrfy = Vrfy::always;
    config.check_domains = true;
    config.xclients = config.xforwards = ClientList({"192.0.2.0/24", "2001:db8::/32"});
    std::vector<std::string> bad;
    config.etrn_hosts.emplace(std::vector<std::string>{"far.example 192.0.2.1"}, bad);
    for (auto& extensions : config.extensions)
        for (int i = 0; i <= static_cast<int>(Extension::etrn); ++i)
            extensions.switch_on(static_cast<Extension>(i));
    config.hooks.stages.add(hooks::Stage::connect);
    config.hooks.stages.add(hooks::Stage::rcpt);
    config.hooks.stages.add(hooks::Stage::data);
    return std::make_shared<const Config>(std::move(config));
}

// Answers by the first letter of the name.
class ScriptedDns final : public net::Dns {
public:
    net::asio::awaitable<net::DnsAnswer<net::MxRecord>> mx(std::string domain, Deadline) override
    {
        require(!domain.empty() && domain.front() != '[');
        net::DnsAnswer<net::MxRecord> answer{outcome(domain.front())};
        if (answer.outcome == net::DnsOutcome::found)
            answer.records.push_back({10, domain.size() % 2 == 0 ? "." : "mx.example"});
        co_return answer;
    }
    net::asio::awaitable<net::DnsAnswer<net::IpAddress>> addresses(std::string host,
                                                                   Deadline) override
    {
        co_return net::DnsAnswer<net::IpAddress>{outcome(host.back())};
    }

private:
    static net::DnsOutcome outcome(char letter)
    {
        return static_cast<net::DnsOutcome>(static_cast<unsigned char>(letter) % 4);
    }
};

net::asio::awaitable<void> serve(Fd socket, Surroundings around)
{
    const auto executor = co_await net::this_executor();
    net::Stream stream(executor, std::move(socket));
    Session session(stream, std::move(around));
    co_await session.run();
}

// What is answered to all of that, sent at once.
std::string replies(std::string_view input, test::ScriptedHooks& scanners, bool with_dns)
{
    static const auto config = lavish();
    std::array<int, 2> pair{};
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0);
    const Fd client(pair[0]);
    Fd server(pair[1]);
    write_all(client.get(), input);
    ::shutdown(client.get(), SHUT_WR);
    Peer peer;
    peer.address = net::IpAddress::parse("192.0.2.1");
    peer.ip = "192.0.2.1";
    Surroundings around{config, peer, -1, "fuzz"};
    around.hooks = &scanners;
    around.spool = "/tmp";
    around.hasten_at = "/nowhere";
    ScriptedDns dns;
    MailDomains domains(dns);
    if (with_dns) around.domains = &domains;
    net::Loop loop;
    std::exception_ptr trouble;
    net::start(loop.executor(), serve(std::move(server), std::move(around)),
               [&](std::exception_ptr error) {
                   trouble = error;
                   loop.stop();
               });
    loop.run();
    require(!trouble);
    std::string output;
    std::array<char, 65536> room;
    for (ssize_t size = 0; (size = ::read(client.get(), room.data(), room.size())) > 0;)
        output.append(room.data(), static_cast<std::size_t>(size));
    return output;
}

void check_lines(std::string_view output)
{
    while (!output.empty()) {
        const auto end = output.find("\r\n");
        require(end != std::string_view::npos && end <= 510);
        const auto line = output.substr(0, end);
        require(line.size() >= 4 && line[0] >= '2' && line[0] <= '5' &&
                (line[3] == ' ' || line[3] == '-'));
        require(is_utf8(line));
        for (const char c : line) require((c & 0x80) != 0 || (c >= 32 && c < 127));
        output.remove_prefix(end + 2);
    }
}

}

// The first octet says what scanners do with the session, and whether the DNS is asked.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 1 || size > longest_input) return 0;
    log::gather([] {});
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    test::ScriptedHooks scanners;
    const unsigned way = data[0] % 4;
    // Without a queue nothing is taken but what is thrown away.
    if (way != 0)
        scanners.decide(way == 1 ? hooks::Stage::connect : hooks::Stage::data,
                        hooks::Action::discard);
    if (way == 3) scanners.decide(hooks::Stage::rcpt, hooks::Action::discard);
    check_lines(replies(input, scanners, (data[0] & 4) != 0));
    for (const auto& one : scanners.asked) require(one.message.find('\r') == std::string::npos);
    return 0;
}
