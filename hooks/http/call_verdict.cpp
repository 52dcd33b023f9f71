#include "hooks/http/call_verdict.hpp"

#include "base/sys/log.hpp"
#include "base/text.hpp"
#include "hooks/values/members.hpp"

#include <algorithm>

namespace grapnel::hooks {

namespace {

using Kind = CallVerdict::Kind;
using net::HttpTrouble;
using std::chrono::milliseconds;

CallVerdict judge_trouble(const net::HttpReply& reply)
{
    switch (reply.trouble) {
    case HttpTrouble::encoded:
    case HttpTrouble::too_large:
        return {Kind::malformed, reply.why};
    case HttpTrouble::untrusted:
        return {Kind::failure, "certificate: " + reply.why};
    case HttpTrouble::timeout:
        return {Kind::failure, "timeout", true};
    default:
        return {Kind::failure, reply.why, true};
    }
}

CallVerdict judge_success(const net::HttpReply& reply, Serialization serialization)
{
    if (reply.status == 204) return {Kind::no_change, {}};
    if (reply.status != 200) return {Kind::malformed, "status " + std::to_string(reply.status)};
    if (!has_type(reply, serialization)) return {Kind::malformed, "Content-Type"};
    if (reply.body.empty()) return {Kind::malformed, "empty"};
    return {Kind::answer, {}};
}

}

CallVerdict judge_call(const net::HttpReply& reply, Serialization serialization)
{
    if (reply.trouble != HttpTrouble::none) return judge_trouble(reply);
    if (reply.status >= 200 && reply.status < 300) return judge_success(reply, serialization);
    CallVerdict verdict{Kind::failure, refusal_text(reply)};
    switch (reply.status) {
    case 401:
    case 403:
        verdict.kind = Kind::refused;
        break;
    case 404:
    case 410:
        verdict.kind = Kind::unregistered;
        break;
    case 413:
        verdict.kind = Kind::oversize;
        verdict.counts = false;
        break;
    case 429:
        verdict.counts = false;
        [[fallthrough]];
    case 503:
        verdict.retry_after = retry_after(reply);
        break;
    default:
        break;
    }
    verdict.may_retry = reply.status == 429 || reply.status >= 500;
    return verdict;
}

milliseconds retry_pause(unsigned retry, milliseconds chance)
{
    constexpr milliseconds first{100}, longest{5000};
    return std::min(longest, first * (1U << std::min(retry, 10U))) + chance;
}

std::optional<milliseconds> retry_after(const net::HttpReply& reply)
{
    const auto* text = reply.field("retry-after");
    const auto seconds = text ? parse_number<std::uint32_t>(*text) : std::nullopt;
    if (!seconds) return std::nullopt;
    return std::chrono::seconds(std::min(*seconds, 86400U));
}

bool has_type(const net::HttpReply& reply, Serialization serialization)
{
    const auto* type = reply.field("content-type");
    if (!type) return false;
    const auto bare = trim(std::string_view(*type).substr(0, type->find(';')));
    return equal_ignoring_case(bare, media_type(serialization));
}

std::string refusal_text(const net::HttpReply& reply)
{
    auto text = "status " + std::to_string(reply.status);
    if (const auto body = decode(Serialization::json, reply.body)) {
        try {
            const auto error = Members(*body, "").object("error");
            const auto said = error.text_if_there("code").value_or("") + ' ' +
                              error.text_if_there("message").value_or("");
            if (said.size() > 1) text += ' ' + printable(said, 200);
            return text;
        } catch (const BadMember&) {
            // as the text it is
        }
    }
    if (!reply.body.empty()) text += ' ' + printable(reply.body, 200);
    return text;
}

}
