// bench_floor PORT DIRECTORY: the least that a durable SMTP receiver can do, as a yardstick. One
// event loop, one file a message, group commit by a thread: syncfs, a rename for each into
// DIRECTORY/new, fsync of that directory, then the answers. It checks nothing, keeps no envelope,
// knows no limits: not for mail.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

void check(bool good, const char* what)
{
    if (good) return;
    std::perror(what);
    std::exit(1);
}

struct Client {
    int socket = -1, file = -1;
    std::string input, name;
    bool in_text = false, waiting = false, leaving = false;
};

class Floor {
public:
    Floor(std::uint16_t port, const std::string& directory);
    [[noreturn]] void run();

private:
    void watch(int descriptor, void* whose) const;
    void accept_all();
    void read(Client& client);
    void commands(Client& client);
    void command(Client& client, std::string_view line);
    void text(Client& client);
    void answer_committed();
    [[noreturn]] void commit();
    static void say(const Client& client, std::string_view reply);
    static void leave(Client& client);

    int listener_, epoll_, done_, new_;
    std::uint64_t next_ = 0;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::vector<Client*> waiting_, committed_;   // both under the mutex
};

Floor::Floor(std::uint16_t port, const std::string& directory)
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)),
      epoll_(::epoll_create1(0)),
      done_(::eventfd(0, EFD_NONBLOCK))
{
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(listener_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
    check(::listen(listener_, 4096) == 0, "listen");
    check(::chdir(directory.c_str()) == 0, "chdir");
    ::mkdir("tmp", 0700);
    ::mkdir("new", 0700);
    new_ = ::open("new", O_RDONLY | O_DIRECTORY);
    check(new_ >= 0, "new");
    watch(listener_, &listener_);
    watch(done_, &done_);
}

void Floor::watch(int descriptor, void* whose) const
{
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = whose;
    check(::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0, "epoll_ctl");
}

void Floor::run()
{
    std::thread([this] { commit(); }).detach();
    std::array<epoll_event, 64> events;
    for (;;) {
        const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            void* whose = events[static_cast<std::size_t>(i)].data.ptr;
            if (whose == &listener_)
                accept_all();
            else if (whose == &done_)
                answer_committed();
            else
                read(*static_cast<Client*>(whose));
        }
    }
}

void Floor::accept_all()
{
    for (;;) {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
        if (socket < 0) return;
        auto* client = new Client;
        client->socket = socket;
        say(*client, "220 floor ESMTP\r\n");
        watch(socket, client);
    }
}

void Floor::say(const Client& client, std::string_view reply)
{
    [[maybe_unused]] const auto ignored =
        ::send(client.socket, reply.data(), reply.size(), MSG_NOSIGNAL);
}

void Floor::leave(Client& client)
{
    ::close(client.socket);
    if (client.file >= 0) ::close(client.file);
    if (client.in_text) ::unlink(client.name.c_str());
    delete &client;
}

void Floor::read(Client& client)
{
    static std::array<char, 65536> room;
    const auto count = ::recv(client.socket, room.data(), room.size(), 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0 && client.waiting) {   // its answer comes to nobody; the commit still holds it
        epoll_event none{};
        ::epoll_ctl(epoll_, EPOLL_CTL_DEL, client.socket, &none);
        client.leaving = true;
        return;
    }
    if (count <= 0) return leave(client);
    client.input.append(room.data(), static_cast<std::size_t>(count));
    if (!client.waiting) commands(client);
}

void Floor::commands(Client& client)
{
    while (!client.waiting) {
        if (client.in_text) {
            text(client);
            if (client.in_text) return;
            continue;
        }
        const auto end = client.input.find("\r\n");
        if (end == std::string::npos) return;
        const std::string line = client.input.substr(0, end);
        client.input.erase(0, end + 2);
        command(client, line);
        if (client.leaving) return leave(client);
    }
}

void Floor::command(Client& client, std::string_view line)
{
    if (line.starts_with("DATA")) {
        client.name = "tmp/" + std::to_string(++next_);
        client.file = ::open(client.name.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);
        check(client.file >= 0, "open");
        client.in_text = true;
        return say(client, "354 go ahead\r\n");
    }
    client.leaving = line.starts_with("QUIT");
    say(client, client.leaving ? "221 bye\r\n" : "250 ok\r\n");
}

// Bytes as they come, dots and line ends included; all but what may belong to the end is written at
// once.
void Floor::text(Client& client)
{
    constexpr std::string_view mark = "\r\n.\r\n";
    const auto end = client.input.find(mark);
    const auto keep = mark.size() - 1;
    const auto size = end != std::string::npos
                          ? end + 2
                          : client.input.size() - std::min(client.input.size(), keep);
    if (size > 0)
        check(::write(client.file, client.input.data(), size) == static_cast<ssize_t>(size),
              "write");
    client.input.erase(0, end == std::string::npos ? size : end + mark.size());
    if (end == std::string::npos) return;
    ::close(client.file);
    client.file = -1;
    client.in_text = false;
    client.waiting = true;
    const std::lock_guard lock(mutex_);
    waiting_.push_back(&client);
    if (waiting_.size() == 1) arrived_.notify_one();
}

void Floor::commit()
{
    for (;;) {
        std::vector<Client*> batch;
        {
            std::unique_lock lock(mutex_);
            arrived_.wait(lock, [this] { return !waiting_.empty(); });
            batch.swap(waiting_);
        }
        check(::syncfs(new_) == 0, "syncfs");
        for (const auto* client : batch)
            check(::rename(client->name.c_str(), ("new" + client->name.substr(3)).c_str()) == 0,
                  "rename");
        check(::fsync(new_) == 0, "fsync");
        const std::lock_guard lock(mutex_);
        committed_.insert(committed_.end(), batch.begin(), batch.end());
        const std::uint64_t one = 1;
        check(::write(done_, &one, sizeof one) == sizeof one, "eventfd");
    }
}

void Floor::answer_committed()
{
    std::uint64_t count = 0;
    [[maybe_unused]] const auto ignored = ::read(done_, &count, sizeof count);
    std::vector<Client*> batch;
    {
        const std::lock_guard lock(mutex_);
        batch.swap(committed_);
    }
    for (auto* client : batch) {
        client->waiting = false;
        if (client->leaving) {
            leave(*client);
            continue;
        }
        say(*client, "250 ok\r\n");
        commands(*client);
    }
}

}

int main(int argc, char** argv)
{
    if (argc != 3) return std::fputs("usage: bench_floor PORT DIRECTORY\n", stderr), 100;
    const int port = std::atoi(argv[1]);
    Floor(static_cast<std::uint16_t>(port), argv[2]).run();
}
