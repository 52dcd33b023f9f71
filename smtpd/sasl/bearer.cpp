#include "smtpd/sasl/bearer.hpp"

#include "base/text.hpp"
#include "smtpd/sasl/gs2.hpp"
#include "smtpd/sasl/prepare.hpp"

#include <algorithm>

namespace grapnel::sasl {

namespace {

constexpr char end_of_pair = '\x01';

// RFC 6750 2.1: letters, digits, and a few more.
bool is_token(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_letter(c) || is_digit(c) ||
               std::string_view("-._~+/=").find(c) != std::string_view::npos;
    });
}

// What stands behind "auth=Bearer " in pairs that end as they should; nullopt: they do not.
std::optional<std::string_view> token_in(std::string_view pairs)
{
    constexpr std::string_view scheme = "Bearer ";
    std::optional<std::string_view> token;
    for (;;) {
        const auto pair = take_until(pairs, end_of_pair);
        if (!pair) return std::nullopt;
        if (pair->empty()) break;
        const auto equals = pair->find('=');
        if (equals == std::string_view::npos || equals == 0) return std::nullopt;
        if (pair->substr(0, equals) != "auth") continue;
        const auto value = pair->substr(equals + 1);
        if (token || !starts_with_ignoring_case(value, scheme)) return std::nullopt;
        token = value.substr(scheme.size());
    }
    if (!pairs.empty() || !token || !is_token(*token)) return std::nullopt;
    return token;
}

Step ask_about(std::string_view user, std::optional<std::string_view> token)
{
    auto name = prepare_name(user);
    if (!name || !token) return Step::malformed();
    return Step::ask(Step::Check::token, std::move(*name), *token);
}

}

Step Bearer::take(std::string_view response)
{
    return told_why_ ? Step::refused() : read(response);
}

Step Bearer::judged(bool accepted, std::string user)
{
    if (accepted) return Step::done(std::move(user));
    told_why_ = true;
    return Step::challenge(refusal());
}

Step OauthBearer::read(std::string_view response) const
{
    const auto header = take_gs2_header(response);
    if (!header || !header->binding.empty() || header->user.empty()) return Step::malformed();
    if (response.empty() || response.front() != end_of_pair) return Step::malformed();
    response.remove_prefix(1);
    return ask_about(header->user, token_in(response));
}

std::string OauthBearer::refusal() const { return R"({"status":"invalid_token"})"; }

Step Xoauth2::read(std::string_view response) const
{
    constexpr std::string_view name = "user=";
    if (!response.starts_with(name)) return Step::malformed();
    response.remove_prefix(name.size());
    const auto user = take_until(response, end_of_pair);
    if (!user) return Step::malformed();
    return ask_about(*user, token_in(response));
}

std::string Xoauth2::refusal() const { return R"({"status":"401","schemes":"bearer"})"; }

}
