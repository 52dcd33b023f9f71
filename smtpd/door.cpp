#include "smtpd/door.hpp"

#include "smtpd/log.hpp"

#include <sys/socket.h>

namespace grapnel::smtpd {

namespace {

const char* name_of(Admission::Verdict verdict)
{
    switch (verdict) {
    case Admission::Verdict::full:
        return "concurrencyincoming";
    case Admission::Verdict::too_many:
        return "maxconnip";
    default:
        return "maxconnrate";
    }
}

}

void turn_away(const Newcomer& newcomer, const std::string& line)
{
    const int socket = newcomer.socket.get();
    if (!newcomer.service.tls_at_once)
        ::send(socket, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    ::shutdown(socket, SHUT_WR);
}

void turn_away(const Newcomer& newcomer, const net::IpAddress& address, Admission::Verdict why)
{
    log::door("turned away ip=" + address.text() + " why=" + name_of(why));
    turn_away(newcomer, "421 4.3.2 too many connections, try again (#4.3.2)\r\n");
}

void deny(const Newcomer& newcomer, const net::IpAddress& address)
{
    log::door("denied ip=" + address.text());
    turn_away(newcomer, "554 5.7.1 no mail is taken from you (#5.7.1)\r\n");
}

}
