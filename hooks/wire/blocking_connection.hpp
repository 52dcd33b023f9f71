// A connection to qmail-hookd for programs without an event loop: whole frames, until a moment.
#pragma once

#include "base/sys/fd.hpp"
#include "hooks/wire/wire.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

class BlockingConnection {
public:
    using Moment = std::chrono::steady_clock::time_point;

    BlockingConnection(Fd socket, Moment deadline) : socket_(std::move(socket)), deadline_(deadline)
    {
    }

    // Both throw system_error: ETIMEDOUT after the moment.
    void send(std::string_view bytes, int descriptor = -1);
    std::optional<std::string> next_frame();   // nullopt: it hung up, or sends no frame
    // What came beside frames so far.
    std::vector<Fd> take_descriptors();

private:
    bool receive();
    void wait(short event) const;

    Fd socket_;
    Moment deadline_;
    wire::FrameBuffer frames_;
    std::string rest_;
    std::unique_ptr<char[]> room_;
    std::vector<Fd> descriptors_;
};

}
