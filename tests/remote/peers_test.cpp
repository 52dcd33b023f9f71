// The built qmail-remote with Postfix's smtp-sink, over IPv4 and IPv6, in its several manners.
#include "remote/remote_program.hpp"

#include <gmock/gmock.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

using namespace grapnel::test;
using testing::StartsWith;
using std::string_literals::operator""s;

namespace {

const std::string sink = PEERS "/usr/sbin/smtp-sink";

bool connects(const std::string& address, Port port)
{
    const bool v6 = address == "::1";
    const grapnel::Fd socket(::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    six.sin6_addr = in6addr_loopback;
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const void* name = v6 ? static_cast<const void*>(&six) : &four;
    return ::connect(socket.get(), static_cast<const sockaddr*>(name),
                     v6 ? sizeof six : sizeof four) == 0;
}

bool has_ipv6()
{
    return slurp("/proc/net/if_inet6").find("00000000000000000000000000000001") !=
           std::string::npos;
}

struct Manner {
    std::string name, address;
    std::vector<std::string> flags = {};
    std::string report;
};

void PrintTo(const Manner& manner, std::ostream* out) { *out << manner.name; }

class SmtpSink : public RemoteProgram, public testing::WithParamInterface<Manner> {};

}

TEST_P(SmtpSink, Converses)
{
    const auto& manner = GetParam();
    if (!std::filesystem::exists(sink))
        GTEST_SKIP() << "skipped: no " << sink << " (scripts/peers build/peers)";
    if (manner.address == "::1" && !has_ipv6()) GTEST_SKIP() << "skipped: no IPv6 here";
    const auto port = free_port();
    const auto host = manner.address == "::1" ? "[::1]" : manner.address;
    Launch launch{{sink}, {"LD_LIBRARY_PATH=" PEERS "/usr/lib/postfix"}};
    if (::geteuid() == 0) launch.argv.insert(launch.argv.end(), {"-u", "nobody"});
    launch.argv.insert(launch.argv.end(), manner.flags.begin(), manner.flags.end());
    launch.argv.insert(launch.argv.end(), {host + ":" + std::to_string(port), "20"});
    Process peer(launch);
    ASSERT_TRUE(wait_until([&] { return connects(manner.address, port); })) << peer.errors();
    home.control("smtproutes", ":" + host + ":" + std::to_string(port));
    EXPECT_THAT(deliver(), StartsWith(manner.report));
}

INSTANTIATE_TEST_SUITE_P(
    All, SmtpSink,
    testing::Values(
        Manner{"plain", "127.0.0.1", {}, "r\0K127.0.0.1 accepted message.\n"s},
        Manner{"ipv6", "::1", {}, "r\0K::1 accepted message.\n"s},
        Manner{"without_esmtp", "127.0.0.1", {"-e"}, "r\0K"s},
        Manner{"without_pipelining", "127.0.0.1", {"-p"}, "r\0K"s},
        Manner{"without_8bitmime", "127.0.0.1", {"-8"}, "r\0K"s},
        Manner{"soft_rcpt", "127.0.0.1", {"-r", "RCPT"}, "s127.0.0.1 does not like recipient.\n"},
        Manner{"hard_rcpt", "127.0.0.1", {"-f", "RCPT"}, "h127.0.0.1 does not like recipient.\n"},
        Manner{"hard_dot",
               "127.0.0.1",
               {"-f", "."},
               "r\0D127.0.0.1 failed after I sent the message.\n"s},
        Manner{"cut_at_data",
               "127.0.0.1",
               {"-q", "DATA"},
               "r\0ZConnected to 127.0.0.1 but connection died. (#4.4.2)\n"s},
        Manner{"closing_at_mail",
               "127.0.0.1",
               {"-Q", "MAIL"},
               "ZConnected to 127.0.0.1 but sender was rejected.\n"}),
    [](const auto& manner) { return manner.param.name; });
