// Describes the TCP connection on descriptor 0 in variables, for a program started by inetd.
// tcp-env(1).
#include "base/arguments.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/program.hpp"
#include "base/sys/spawn.hpp"
#include "base/text.hpp"
#include "smtpd/ident.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

using namespace grapnel;

namespace {

[[noreturn]] void give_up() { throw Stop{111}; }   // silently, as ever

struct End {
    sockaddr_storage address{};
    socklen_t length = sizeof(sockaddr_storage);
};

End end_of_connection(int (*ask)(int, sockaddr*, socklen_t*))
{
    End end;
    if (ask(0, reinterpret_cast<sockaddr*>(&end.address), &end.length) != 0) give_up();
    if (end.address.ss_family != AF_INET && end.address.ss_family != AF_INET6) give_up();
    // A listener on :: gets IPv4 clients in IPv6 clothes.
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(end.address);
    if (end.address.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = v6.sin6_port;
        std::memcpy(&v4.sin_addr, v6.sin6_addr.s6_addr + 12, 4);
        end.address = {};
        std::memcpy(&end.address, &v4, sizeof v4);
        end.length = sizeof v4;
    }
    return end;
}

// Sets PREFIXIP, PREFIXPORT and PREFIXHOST; without a name there is no PREFIXHOST.
void describe(Environment& environment, const std::string& prefix, const End& end)
{
    const auto* address = reinterpret_cast<const sockaddr*>(&end.address);
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    if (::getnameinfo(address, end.length, host.data(), host.size(), port.data(), port.size(),
                      NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        give_up();
    environment.set(prefix + "IP", host.data());
    environment.set(prefix + "PORT", port.data());
    const int answer =
        ::getnameinfo(address, end.length, host.data(), host.size(), nullptr, 0, NI_NAMEREQD);
    if (answer == 0)
        environment.set(prefix + "HOST", lower(host.data()));
    else if (answer == EAI_AGAIN)
        environment.set(prefix + "HOST", "softdnserror");
    else
        environment.unset(prefix + "HOST");
}

int describe_and_run(const std::vector<std::string>& words)
{
    bool ask_user = true;
    std::uint64_t seconds = 30;
    Arguments arguments(words, "rRt:");
    while (const auto letter = arguments.next()) {
        if (*letter == 'r') ask_user = true;
        if (*letter == 'R') ask_user = false;
        if (*letter == 't') seconds = leading_number(arguments.value()).value_or(0);
    }
    const auto command = arguments.rest();
    if (command.empty()) give_up();

    auto environment = Environment::of_process();
    if (environment.get("PROTO") != "TCP") {
        environment.set("PROTO", "TCP");
        const End local = end_of_connection(::getsockname),
                  remote = end_of_connection(::getpeername);
        describe(environment, "TCPLOCAL", local);
        describe(environment, "TCPREMOTE", remote);
        environment.unset("TCPREMOTEINFO");
        if (ask_user)
            if (const auto user =
                    smtpd::ask_ident(local.address, remote.address,
                                     std::chrono::seconds(std::min<std::uint64_t>(seconds, 3600))))
                environment.set("TCPREMOTEINFO", *user);
    }
    execute({.path = command.front(),
             .arguments = command,
             .search_path = true,
             .environment = environment.entries()});
}

}

int main(int count, char** words)
{
    return run("tcp-env", [&] { return describe_and_run(argument_words(count, words)); });
}
