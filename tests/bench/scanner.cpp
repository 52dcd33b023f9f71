// bench_scanner PORT [MILLISECONDS]: a scanner that has nothing against any message and says so at
// once, or after so long: MTA Hooks over HTTP/1.1, one event loop. It checks nothing: not for mail.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>

namespace {

constexpr std::string_view discovery =
    R"({"version":"1.0","endpoints":{"registration":"/register","deregistration":"/r/{registration_id}"},)"
    R"("serialization":["json","cbor"],"capabilities":{"inbound":{"stages":["connect","ehlo","mail","rcpt",)"
    R"("data"],"actions":["accept"],"fetchProperties":["/envelope","/queue","/client","/rawMessage"],)"
    R"("updateProperties":["/action"]},"outbound":{"stages":["delivery"],"actions":["continue"],)"
    R"("fetchProperties":["/envelope","/queue"],"updateProperties":["/action"]}},"limits":null,)"
    R"("extensions":null})";
constexpr std::string_view agreed_properties =
    R"("properties":["/envelope","/queue","/client","/rawMessage"])";

void check(bool good, const char* what)
{
    if (good) return;
    std::perror(what);
    std::exit(1);
}

std::string answer(std::string_view status, std::string_view body)
{
    return "HTTP/1.1 " + std::string(status) +
           "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

// Whatever was asked for is agreed to.
std::string registration(std::string_view request)
{
    const bool inbound = request.find("\"data\"") != std::string_view::npos;
    const bool outbound = request.find("\"delivery\"") != std::string_view::npos;
    std::string body =
        R"({"registrationId":"bench","status":"active","expiresAt":null,"hookEndpoint":"/hook",)"
        R"("negotiated":{"serialization":"json","inbound":)";
    body += inbound ? R"({"stages":["data"],)" + std::string(agreed_properties) + '}' : "null";
    body += ",\"outbound\":";
    body += outbound ? R"({"stages":["delivery"],"properties":["/envelope","/queue"]})" : "null";
    return answer("201 Created", body + "}}");
}

struct Connection {
    int socket;
    std::string head = {};
    std::size_t body = 0;   // still to come
    bool waits = false, left = false;
};

using Clock = std::chrono::steady_clock;

struct Due {
    Clock::time_point when;
    Connection* connection;
    std::string words;
};

std::chrono::milliseconds delay{0};   // of an answer about a message
std::deque<Due> waiting;              // in the order in which they are due

void say(const Connection& connection, std::string_view words)
{
    [[maybe_unused]] const auto ignored =
        ::send(connection.socket, words.data(), words.size(), MSG_NOSIGNAL);
}

void close(Connection* connection)
{
    connection->left = true;
    if (connection->waits) return;   // goes when its turn comes
    ::close(connection->socket);
    delete connection;
}

// Milliseconds until the next one; -1: there is none.
int answer_what_is_due()
{
    while (!waiting.empty()) {
        const auto left = waiting.front().when - Clock::now();
        if (left > Clock::duration(0))
            return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
        const auto due = std::move(waiting.front());
        waiting.pop_front();
        due.connection->waits = false;
        if (due.connection->left)
            close(due.connection);
        else
            say(*due.connection, due.words);
    }
    return -1;
}

std::string reply(const std::string& head, std::string_view body)
{
    if (head.starts_with("GET ")) return answer("200 OK", discovery);
    if (head.starts_with("POST /register")) return registration(body);
    return "HTTP/1.1 204 No Content\r\n\r\n";
}

std::size_t length_in(const std::string& head)
{
    const auto at = head.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + 16, nullptr, 10);
}

// False: it has left.
bool read(Connection& connection)
{
    static std::array<char, 262144> room;
    const auto count = ::recv(connection.socket, room.data(), room.size(), 0);
    if (count < 0 && errno == EAGAIN) return true;
    if (count <= 0) return false;
    std::string_view bytes(room.data(), static_cast<std::size_t>(count));
    std::string kept;   // of a small body: what a registration asks for
    while (!bytes.empty()) {
        if (connection.body == 0) {
            connection.head += bytes;
            bytes = {};
            const auto end = connection.head.find("\r\n\r\n");
            if (end == std::string::npos) return true;
            kept = connection.head.substr(end + 4);
            connection.head.resize(end + 2);
            const auto whole = length_in(connection.head);
            connection.body = whole - kept.size();   // one request at a time
        } else {
            kept += bytes;
            connection.body -= bytes.size();
            bytes = {};
        }
        if (connection.body > 0) return true;
        auto words = reply(connection.head, kept);
        const bool later = delay.count() > 0 && connection.head.starts_with("POST /hook");
        connection.head.clear();
        connection.waits = later;
        if (later)
            waiting.push_back({Clock::now() + delay, &connection, std::move(words)});
        else
            say(connection, words);
    }
    return true;
}

void serve(int listener)
{
    const int events = ::epoll_create1(0);
    const auto watch = [&](int socket, void* whose) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = whose;
        check(::epoll_ctl(events, EPOLL_CTL_ADD, socket, &event) == 0, "epoll_ctl");
    };
    watch(listener, nullptr);
    std::array<epoll_event, 64> ready;
    for (;;) {
        const int count = ::epoll_wait(events, ready.data(), static_cast<int>(ready.size()),
                                       answer_what_is_due());
        for (int i = 0; i < count; ++i) {
            auto* connection =
                static_cast<Connection*>(ready[static_cast<std::size_t>(i)].data.ptr);
            if (connection) {
                if (read(*connection)) continue;
                ::epoll_ctl(events, EPOLL_CTL_DEL, connection->socket, nullptr);
                close(connection);
                continue;
            }
            const int socket = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
            if (socket >= 0) watch(socket, new Connection{socket});
        }
    }
}

}

int main(int count, char** words)
{
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(count > 1 ? std::atoi(words[1]) : 0));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
    check(::listen(listener, 4096) == 0, "listen");
    if (count > 2) delay = std::chrono::milliseconds(std::atoi(words[2]));
    serve(listener);
}
