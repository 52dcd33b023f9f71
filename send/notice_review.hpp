// Before a notice goes out: what the scanners say to it at dsn. They may change it, suppress it, or
// have it wait for them, for an hour at most (mta-hooks 13.5, 13.6).
#pragma once

#include "base/net/loop.hpp"
#include "send/bounce.hpp"
#include "send/config.hpp"
#include "send/hook_calls.hpp"
#include "send/message_info.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

namespace grapnel::send {

// Instead of the text that we would send.
struct ChangedNotice {
    Fd text = {};
    std::uint64_t size = 0;
};

class NoticeReview {
public:
    NoticeReview(net::Executor executor, HookCalls& calls, const queue::Spool& spool,
                 const Agenda& agenda, const Config& config, Log& log);

    // Nobody is asked about reports to the postmaster: their message had no sender.
    bool wants(const Notice& notice) const;
    bool has_room() const { return under_way_ < 32; }
    bool is_idle() const { return under_way_ == 0; }

    enum class Answer { send, suppress, wait };
    struct Result {
        Answer answer = Answer::send;
        std::optional<ChangedNotice> changed = {};   // where it is to be sent
        Due again = 0;                               // where it is to wait
    };
    // decided is called once, from the loop.
    using Decided = std::function<void(Result)>;
    void begin(queue::MessageNumber n, MessageInfo info, Notice notice, Decided decided);
    // It is sent, or not needed any more.
    void forget(queue::MessageNumber n) { first_asked_.erase(n); }

private:
    boost::asio::awaitable<void> ask(queue::MessageNumber n, MessageInfo info, Notice notice,
                                     Decided decided);
    Result result_of(queue::MessageNumber n, std::optional<hooks::Decision> decision);
    Result wait(queue::MessageNumber n, Due pause);

    net::Executor executor_;
    HookCalls& calls_;
    const queue::Spool& spool_;
    const Agenda& agenda_;
    const Config& config_;
    Log& log_;
    std::unordered_map<queue::MessageNumber, Due> first_asked_;
    std::size_t under_way_ = 0;
};

}
