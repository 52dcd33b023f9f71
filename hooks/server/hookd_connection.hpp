// One client of qmail-hookd: takes his requests one after the other, runs the chain for each, asks
// him about recipients, and drops a call whose client has left.
#pragma once

#include "base/net/stream.hpp"
#include "hooks/chain/chain.hpp"
#include "hooks/server/permission.hpp"
#include "hooks/server/recording.hpp"
#include "hooks/server/scanner_set.hpp"
#include "hooks/wire/wire.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

// What all connections share.
struct HookdSurroundings {
    ScannerSet& scanners;
    std::string spool;      // directory for changed messages
    std::string captures;   // directory
    void (*log)(std::string_view line);
};

class HookdConnection {
public:
    HookdConnection(net::Executor executor, Fd socket, Standing who, HookdSurroundings& around);
    HookdConnection(const HookdConnection&) = delete;
    HookdConnection& operator=(const HookdConnection&) = delete;

    // Until he leaves or is not understood, or after end() what he had asked for is answered.
    net::asio::awaitable<void> serve();
    void end();

private:
    struct Call;
    net::asio::awaitable<std::optional<std::string>> next_frame();
    net::asio::awaitable<bool> answer(wire::Saying saying, std::vector<Fd> descriptors);
    net::asio::awaitable<bool> answer_request(wire::Request request, std::vector<Fd> descriptors);
    net::asio::awaitable<void> run(Call& call);
    net::asio::awaitable<void> deliver(Call& call);
    net::asio::awaitable<MayAdd> ask_client(std::string address);
    net::asio::awaitable<void> report();
    std::vector<std::shared_ptr<Scanner>> scanners_for(Call& call);
    void record(Call& call, const RecordedCall& recorded);

    net::Stream stream_;
    Standing who_;
    HookdSurroundings& around_;
    wire::FrameBuffer frames_;
    bool idle_ = true, ending_ = false;
};

}
