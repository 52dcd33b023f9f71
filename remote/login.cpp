#include "remote/login.hpp"

#include "base/base64.hpp"
#include "base/sys/secret.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace grapnel::remote {

namespace {

constexpr std::size_t longest_command = 510;   // RFC 4954 4 and RFC 5321 4.5.3.1.4, without CR LF

// The last one first. In the clear what does not give the password away goes before what does;
// under TLS servers that keep passwords hashed offer CRAM-MD5 by mistake.
std::vector<std::string> preferences(bool encrypted)
{
    if (encrypted) return {"CRAM-MD5", "LOGIN", "PLAIN", "SCRAM-SHA-256"};
    return {"LOGIN", "PLAIN", "CRAM-MD5", "SCRAM-SHA-256"};
}

// Not this way, whatever the password.
bool is_about_mechanism(const Reply& reply)
{
    return reply.code == 500 || reply.code == 501 || reply.code == 502 || reply.code == 504 ||
           reply.code == 534;
}

}

LoginExchange::LoginExchange(std::shared_ptr<const Login> login, bool encrypted, bool proven_host,
                             const std::set<std::string, std::less<>>& offered)
    : login_(std::move(login)), left_(preferences(encrypted)), proven_host_(proven_host)
{
    std::erase_if(left_, [&](const std::string& name) { return !offered.contains(name); });
    next_mechanism();
}

net::Secret LoginExchange::line() { return std::exchange(line_, net::Secret()); }

void LoginExchange::say(std::string_view text)
{
    std::string whole;
    whole.reserve(text.size() + 2);
    whole += text;
    whole += "\r\n";
    line_ = net::Secret(whole);
    wipe(whole);
}

void LoginExchange::next_mechanism()
{
    cancelled_ = false;
    pending_.reset();
    while (!left_.empty()) {
        const auto name = std::exchange(left_.back(), {});
        left_.pop_back();
        mechanism_ = make_login_mechanism(name, *login_);
        if (!mechanism_) continue;
        state_ = State::going_on;
        std::string command = "AUTH " + name;
        if (auto first = mechanism_->first()) {
            std::string text = to_base64(first->view());
            if (command.size() + 1 + text.size() <= longest_command) {
                command.reserve(longest_command);
                command += ' ' + text;
            } else {
                pending_ = std::move(first);
            }
            wipe(text);
        }
        say(command);
        wipe(command);
        return;
    }
    if (state_ == State::going_on) state_ = State::refused;
}

void LoginExchange::take(const Reply& reply)
{
    if (reply.code == 334 && !cancelled_) {
        const auto text = reply.lines.empty() ? std::string_view() : reply.lines.front();
        const auto challenge = from_base64(text);
        if (challenge) return answer(*challenge);
        cancelled_ = true;
        return say("*");
    }
    if (reply.positive() && reply.code < 300) {
        state_ = mechanism_->satisfied() && !cancelled_ ? State::done : State::cheated;
        return;
    }
    // Who has no keys of this kind for us may know the password all the same.
    const bool another_way = cancelled_ || is_about_mechanism(reply) ||
                             (reply.code == 535 && proven_host_ && !mechanism_->reveals());
    if (another_way && reply.code != 421) return next_mechanism();
    state_ = State::refused;
}

void LoginExchange::answer(std::string_view challenge)
{
    std::optional<net::Secret> response;
    if (pending_ && challenge.empty()) {
        response = std::exchange(pending_, std::nullopt);
    } else {
        try {
            response = mechanism_->answer(challenge);
        } catch (const std::runtime_error&) {
            response.reset();   // OpenSSL without MD5
        }
    }
    cancelled_ = !response;
    if (cancelled_) return say("*");
    std::string text = to_base64(response->view());
    say(text);
    wipe(text);
}

}
