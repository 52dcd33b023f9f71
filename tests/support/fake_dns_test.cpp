#include "support/fake_dns.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <resolv.h>
#include <sys/socket.h>

#include <cstring>

using namespace grapnel::test;

namespace {

// The reply packet of a plain resolver, or "" when none came.
std::string ask(const FakeDns& dns, const char* name, int type, bool tcp = false)
{
    struct __res_state state;
    std::memset(&state, 0, sizeof state);
    ::res_ninit(&state);
    state.nscount = 1;
    state.nsaddr_list[0].sin_family = AF_INET;
    state.nsaddr_list[0].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    state.nsaddr_list[0].sin_port = htons(dns.port());
    state.retrans = state.retry = 1;
    if (tcp) state.options |= RES_USEVC;
    unsigned char query[512], reply[4096];
    const int size =
        ::res_nmkquery(&state, 0, name, 1, type, nullptr, 0, nullptr, query, sizeof query);
    const int length = ::res_nsend(&state, query, size, reply, sizeof reply);
    ::res_nclose(&state);
    return length < 0
               ? ""
               : std::string(reinterpret_cast<char*>(reply), static_cast<std::size_t>(length));
}

unsigned code(const std::string& reply)
{
    return reply.size() < 12 ? 99u : static_cast<unsigned char>(reply[3]) & 15u;
}
unsigned answers(const std::string& reply)
{
    return reply.size() < 12 ? 99u : static_cast<unsigned char>(reply[7]);
}

}

TEST(FakeDns, AnswersFromItsTable)
{
    FakeDns dns;
    dns.add_a("host.zone.example", "127.0.0.9")
        .add_mx("zone.example", 5, "host.zone.example")
        .add_cname("www.zone.example", "host.zone.example");
    EXPECT_TRUE(ask(dns, "HOST.zone.example", 1).ends_with(std::string("\x7f\0\0\x09", 4)));
    EXPECT_EQ(answers(ask(dns, "zone.example", 15)), 1u);
    EXPECT_EQ(answers(ask(dns, "www.zone.example", 1)), 2u);
    EXPECT_EQ(answers(ask(dns, "www.zone.example", 1, true)), 2u);
    EXPECT_EQ(code(ask(dns, "zone.example", 1)), 0u);
    EXPECT_EQ(answers(ask(dns, "zone.example", 1)), 0u);
    EXPECT_EQ(code(ask(dns, "nothing.example", 1)), 3u);
    EXPECT_EQ(dns.questions()[1], "MX zone.example");
}

TEST(FakeDns, FailsAsTold)
{
    FakeDns dns;
    dns.servfail("bad.example").silent("quiet.example");
    EXPECT_NE(code(ask(dns, "bad.example", 15)), 0u);
    EXPECT_EQ(ask(dns, "quiet.example", 15), "");
}
