#include "send/hold_request.hpp"

namespace grapnel::send {

namespace {

constexpr std::string_view release = "release ", cancel = "cancel ";
constexpr std::string_view ok = "ok", later = "later ", never_word = "never ";

}

std::string encode(const HoldRequest& request)
{
    const auto word = request.kind == HoldRequest::Kind::release ? release : cancel;
    return std::string(word) + std::to_string(request.message) + '\n';
}

std::optional<HoldRequest> decode_hold_request(std::string_view line)
{
    const bool is_release = line.starts_with(release);
    if (!is_release && !line.starts_with(cancel)) return std::nullopt;
    line.remove_prefix(is_release ? release.size() : cancel.size());
    const auto n = queue::message_number(line);
    if (!n) return std::nullopt;
    return HoldRequest{is_release ? HoldRequest::Kind::release : HoldRequest::Kind::cancel, *n};
}

std::string encode_hold_answer(const grapnel::Result<>& answer)
{
    if (answer) return std::string(ok) + '\n';
    const auto& failure = answer.error();
    return std::string(failure.retry == Retry::later ? later : never_word) + failure.text + '\n';
}

grapnel::Result<> decode_hold_answer(std::string_view line)
{
    if (line == ok) return {};
    if (line.starts_with(never_word)) return permanent(std::string(line.substr(never_word.size())));
    if (line.starts_with(later)) return temporary(std::string(line.substr(later.size())));
    return temporary("qmail-send does not answer");
}

}
