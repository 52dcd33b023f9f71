#include "remote/qmqp_words.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstdint>

namespace grapnel::remote {

namespace {

constexpr std::uint16_t qmqp_port = 628;

std::optional<net::Endpoint> endpoint(std::string_view address, std::string_view port)
{
    const auto ip = net::IpAddress::parse(address);
    const auto number = parse_number<std::uint16_t>(port);
    if (!ip || !number || *number == 0) return std::nullopt;
    return net::Endpoint{*ip, *number};
}

}

std::optional<net::Endpoint> parse_qmqp_server(std::string_view text)
{
    const std::string usual = std::to_string(qmqp_port);
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        const auto behind = text.substr(end + 1);
        if (behind.empty()) return endpoint(text.substr(1, end - 1), usual);
        return behind.front() == ':' ? endpoint(text.substr(1, end - 1), behind.substr(1))
                                     : std::nullopt;
    }
    if (std::count(text.begin(), text.end(), ':') != 1) return endpoint(text, usual);
    const auto colon = text.find(':');
    return endpoint(text.substr(0, colon), text.substr(colon + 1));
}

QmqpReply::State QmqpReply::take(std::string_view bytes)
{
    for (const char c : bytes) {
        if (letter_ == 0 && (c == 'K' || c == 'Z' || c == 'D')) {
            letter_ = c;
        } else if (letter_ == 0) {
            if (++before_ > most_before) return State::nonsense;
            if (is_digit(c) && size_known_)
                expected_ = std::min<std::size_t>(
                    expected_ * 10 + static_cast<std::size_t>(c - '0'), longest_text + 1);
            else
                size_known_ = size_known_ && c == ':';
        } else if (text_.size() + 1 < expected_) {
            text_ += c;
        }
    }
    return letter_ != 0 && (!size_known_ || text_.size() + 1 >= expected_) ? State::done
                                                                           : State::more;
}

}
