#include "smtpd/key_keeper.hpp"

#include "base/net/tls_server.hpp"
#include "base/sys/control.hpp"
#include "base/sys/file.hpp"
#include "base/sys/memory_file.hpp"
#include "base/sys/packet.hpp"
#include "base/sys/row.hpp"
#include "base/sys/secret.hpp"
#include "base/sys/signal.hpp"
#include "smtpd/log.hpp"
#include "smtpd/ticket_rotation.hpp"
#include "smtpd/tls_bundle.hpp"
#include "smtpd/tls_files.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <exception>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace grapnel::smtpd {

namespace {

using namespace std::chrono_literals;
constexpr std::chrono::seconds longest_pause = 60s;
constexpr int look_every_ms = 1000, first_limit_ms = 60000;

// In the process of its own.
class Reader {
public:
    Reader(int socket, const Environment& environment) : socket_(socket), environment_(environment)
    {
    }

    // Until nobody is there who would hear of it.
    int run()
    {
        look();
        if (!told_) tell(std::nullopt);
        for (;;) {
            pollfd peer{socket_, POLLIN, 0};
            const int ready = ::poll(&peer, 1, look_every_ms);
            if (ready > 0) return 0;
            if (ready == 0) look();
        }
    }

private:
    void look()
    {
        const auto now = std::chrono::steady_clock::now();
        auto seen = tls_fingerprint(control_);
        const bool changed = seen != seen_;
        if (!changed && !(serving_ && tickets_.is_due(now))) return;
        seen_ = std::move(seen);
        try {
            if (tickets_.is_due(now)) tickets_.rotate(now);
            read(changed);
        } catch (const std::exception& error) {
            log::server(error.what());
        }
    }

    // Where what is there now cannot be used, what was there goes on: files that belong together
    // do not change at the same moment.
    void read(bool aloud)
    {
        auto files = read_tls_files(control_, environment_);
        if (files.forbidden)
            files.complaints.emplace_back("certificates: this user may not read them");
        if (!files.material) {
            if (aloud) complain(files.complaints);
            if (files.complaints.empty()) tell(std::nullopt);
            return;
        }
        files.material->ticket_keys = tickets_.keys();
        auto bundle = encode_bundle(*files.material);
        const auto trial = net::TlsServer::make(std::move(*files.material), &files.complaints);
        if (!trial) {
            files.complaints.push_back("servercert.pem: " + trial.error().text);
        } else {
            for (auto& found : (*trial)->check())
                files.complaints.push_back("servercerts/" + std::move(found));
            tell(bundle);
        }
        wipe(bundle);
        if (aloud) complain(files.complaints);
    }

    static void complain(const std::vector<std::string>& complaints)
    {
        for (const auto& complaint : complaints) log::server(complaint);
    }

    void tell(const std::optional<std::string_view>& bundle)
    {
        told_ = true;
        if (!bundle && !serving_) {
            send_packet(socket_, no_keys);
            return;
        }
        if (!bundle) log::server("no certificate any more: no TLS from now on");
        const Fd memory = bundle ? sealed_file(*bundle) : Fd();
        bundle ? send_packet(socket_, keys_here, {memory.get()}) : send_packet(socket_, no_keys);
        serving_ = bundle.has_value();
    }

    int socket_;
    const Environment& environment_;
    const Control control_;
    TicketRotation tickets_;
    std::string seen_ = "nothing yet";
    bool serving_ = false, told_ = false;
};

}

KeyKeeper::KeyKeeper(const Environment& environment)
{
    for (auto pause = 1s; !child_; pause = std::min(pause * 2, longest_pause)) {
        try {
            begin(environment);
        } catch (const std::system_error& error) {
            log::server(error.what());
            std::this_thread::sleep_for(pause);
        }
    }
}

void KeyKeeper::begin(const Environment& environment)
{
    auto pair = make_packet_pair();
    child_ = fork_child([&environment, &pair] {
        pair.ours.reset();
        for (const int number : {SIGINT, SIGHUP}) ignore_signal(number);
        ::prctl(PR_SET_NAME, "smtpd-keys");   // for who looks at the list of processes
        net::prepare_tls();
        row::smtpd_keys();
        return Reader(pair.theirs.get(), environment).run();
    });
    socket_ = std::move(pair.ours);
    pair.theirs.reset();
    pollfd answer{socket_.get(), POLLIN, 0};
    ::poll(&answer, 1, first_limit_ms);
    set_nonblocking(socket_.get());
    take();
}

KeyKeeper::~KeyKeeper()
{
    socket_.reset();
    if (child_) child_.wait();
}

void KeyKeeper::forget()
{
    socket_.reset();
    bundle_.reset();
    child_ = Child();
}

bool KeyKeeper::take()
{
    std::vector<char> room(16);
    auto packet = receive_packet(socket_.get(), room);
    if (!packet) return false;
    if (packet->ended) {
        log::server("who reads certificates has ended: they are as they are until a new start");
        socket_.reset();
        return false;
    }
    bundle_ = packet->descriptors.empty() ? Fd() : std::move(packet->descriptors.front());
    return true;
}

bool KeyKeeper::look()
{
    bool any = false;
    while (socket_ && take()) any = true;
    return any;
}

std::string read_bundle(int bundle)
{
    const auto facts = status(bundle, "certificates");
    if (facts.st_size < 0 || static_cast<std::size_t>(facts.st_size) > longest_bundle)
        throw std::system_error(EFBIG, std::generic_category(), "certificates");
    std::string bytes(static_cast<std::size_t>(facts.st_size), '\0');
    std::size_t have = 0;
    while (have < bytes.size()) {
        const auto got =
            ::pread(bundle, bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
        if (got <= 0) throw std::system_error(EIO, std::generic_category(), "certificates");
        have += static_cast<std::size_t>(got);
    }
    return bytes;
}

}
