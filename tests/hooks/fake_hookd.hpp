// Answers at run/hookd as a test says, each connection in a thread of its own.
#pragma once

#include "base/sys/file.hpp"
#include "base/sys/passing.hpp"
#include "hooks/hookd_socket.hpp"
#include "hooks/wire/wire.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace grapnel::hooks {

struct FakeCall {
    wire::Request request;
    std::vector<Fd> descriptors;
    int socket;
    std::function<std::optional<wire::Saying>()> next;   // what the client says; nullopt: it left

    void say(std::string_view bytes, int descriptor = -1) const
    {
        const std::span<const int> beside(&descriptor, descriptor < 0 ? 0 : 1);
        const auto sent = send_with(socket, bytes, beside, 0);
        if (sent > 0 && static_cast<std::size_t>(sent) < bytes.size())
            write_all(socket, bytes.substr(static_cast<std::size_t>(sent)));
    }
    void decide(Action action, std::optional<Response> response = {}) const
    {
        wire::Decided decided;
        decided.decision.action = action;
        decided.decision.response = std::move(response);
        say(wire::encode(decided));
    }
    std::string message() const
    {
        std::string text(100, '\0');
        if (descriptors.size() != 1) return "no message";
        const auto size = ::pread(descriptors[0].get(), text.data(), text.size(), 0);
        text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
        return text;
    }
};

class FakeHookd {
public:
    // script: one call on a connection; false: hang up after it.
    FakeHookd(const std::string& home, std::function<bool(FakeCall&)> script)
        : listener_(listen_for_hookd(home)), script_(std::move(script))
    {
        set_nonblocking(listener_.get(), false);
        acceptor_ = std::thread([this] { accept(); });
    }
    ~FakeHookd()
    {
        ::shutdown(listener_.get(), SHUT_RDWR);
        acceptor_.join();
        for (auto& one : connections_) ::shutdown(one.socket.get(), SHUT_RDWR);
        for (auto& one : connections_) one.thread.join();
    }

    int connections() const { return accepted_; }
    int left() const { return left_; }   // connections that their clients have closed

private:
    struct Connection {
        Fd socket;
        std::thread thread = {};
    };

    void accept()
    {
        for (;;) {
            Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!socket) return;
            ++accepted_;
            auto& one = connections_.emplace_back(Connection{std::move(socket)});
            one.thread = std::thread([this, &one] { serve(one.socket.get()); });
        }
    }

    void serve(int socket)
    {
        wire::FrameBuffer frames;
        std::vector<Fd> descriptors;
        const auto next = [&]() -> std::optional<wire::Saying> {
            std::string rest;
            for (char room[4096];;) {
                rest.erase(0, frames.add(rest));
                if (const auto frame = frames.take()) {
                    auto saying = wire::decode(*frame);
                    return std::move(*saying);
                }
                auto arrived = receive_with(socket, room, sizeof room, 0);
                if (arrived.size <= 0) return std::nullopt;
                rest.append(room, static_cast<std::size_t>(arrived.size));
                for (auto& one : arrived.descriptors) descriptors.push_back(std::move(one));
            }
        };
        for (bool more = true; more;) {
            auto saying = next();
            if (!saying || !std::holds_alternative<wire::Request>(*saying)) break;
            FakeCall call{std::get<wire::Request>(*saying), std::exchange(descriptors, {}), socket,
                          next};
            more = script_(call);
        }
        ++left_;
        ::shutdown(socket, SHUT_RDWR);
    }

    Fd listener_;
    std::function<bool(FakeCall&)> script_;
    std::thread acceptor_;
    std::list<Connection> connections_;
    std::atomic<int> accepted_ = 0, left_ = 0;
};

}
