// What smtpd, send, inject and qmail-hooks say to qmail-hookd over run/hookd, and hear: frames of
// four octets (their length, most significant first) and that many of CBOR, [kind, value]. A
// message travels beside its frame's first octet, as a descriptor, or behind the frame, as octets:
// so a user's own file does, which may change, or never answer who reads it. One request at a time:
//   client: request; answers to questions. qmail-hookd: questions about recipients; the decision.
// Either side closes where it does not understand. A client that closes takes its request back.
#pragma once

#include "base/result.hpp"
#include "hooks/decision.hpp"
#include "hooks/facts.hpp"
#include "hooks/may_add.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace grapnel::hooks::wire {

inline constexpr std::size_t longest_frame = 64u << 20;

struct Request {
    Facts facts = {};
    bool with_message = false;
    std::string only = {};         // qmail-hooks: this scanner and no other, and a report of it
    std::uint64_t following = 0;   // octets of the message behind the frame; 0: it is beside it
};
struct Question {   // may this recipient be added?
    std::string address = {};
};
struct QuestionAnswered {
    MayAdd answer = MayAdd::no;
};
struct Decided {
    Decision decision = {};   // its message is beside the frame
    bool with_message = false;
};
struct Reload {};
struct StatusWanted {};
struct Report {   // of the status, or of one scanner's call
    std::string json = {};
};
struct Refused {
    std::string why = {};
};

using Saying = std::variant<Request, Question, QuestionAnswered, Decided, Reload, StatusWanted,
                            Report, Refused>;

// With its length in front.
std::string encode(const Request& request);
std::string encode(const Question& question);
std::string encode(const QuestionAnswered& answer);
std::string encode(const Decided& decided);
std::string encode(const Reload& reload);
std::string encode(const StatusWanted& wanted);
std::string encode(const Report& report);
std::string encode(const Refused& refused);

// What a frame holds, without its length.
Result<Saying> decode(std::string_view frame);

// Frames out of what comes in pieces. limit: the longest that is accepted.
class FrameBuffer {
public:
    explicit FrameBuffer(std::size_t limit = longest_frame) : limit_(limit) {}

    // Takes from bytes what belongs to the current frame, returns how much.
    std::size_t add(std::string_view bytes);
    bool is_empty() const { return bytes_.empty(); }
    bool is_too_long() const;
    // The frame, once; nullopt while it is not whole.
    std::optional<std::string> take();

private:
    std::optional<std::size_t> length() const;   // of the whole with its head
    std::size_t limit_;
    std::string bytes_;
};

}
