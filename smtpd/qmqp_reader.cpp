#include "smtpd/qmqp_reader.hpp"

#include <algorithm>

namespace grapnel::smtpd {

namespace {
constexpr std::uint64_t too_long_address = 1000;
}

QmqpReader::Step QmqpReader::take(std::string_view& bytes)
{
    while (!bytes.empty())
        if (const auto said = read_part(bytes)) return *said;
    return Step::more;
}

std::optional<QmqpReader::Step> QmqpReader::read_part(std::string_view& bytes)
{
    switch (part_) {
    case Part::whole_size:
    case Part::size:
        return read_size(bytes);
    case Part::message:
        return read_message(bytes);
    case Part::address:
        return read_address(bytes);
    case Part::message_end:
    case Part::address_end:
        if (whole_left_ == 0 || spend(bytes, 1) != ",") return Step::malformed;
        if (part_ == Part::address_end) return end_address();
        part_ = Part::size;
        return std::nullopt;
    case Part::whole_end:
        break;
    }
    const bool complete = bytes.front() == ',';
    bytes.remove_prefix(1);
    return complete ? Step::end : Step::malformed;
}

std::optional<QmqpReader::Step> QmqpReader::read_size(std::string_view& bytes)
{
    if (whole_left_ == 0) return Step::malformed;
    auto part = bytes.substr(0, std::min<std::uint64_t>(whole_left_, bytes.size()));
    const auto size = part.size();
    const auto state = size_.take(part);
    spend(bytes, size - part.size());
    if (state == NetstringSize::State::too_large) return Step::too_large;
    if (state == NetstringSize::State::malformed) return Step::malformed;
    if (state == NetstringSize::State::more) return std::nullopt;
    if (part_ == Part::size) return begin_content();
    whole_left_ = size_.value();
    part_ = Part::size;
    return std::nullopt;
}

std::optional<QmqpReader::Step> QmqpReader::begin_content()
{
    left_ = size_.value();
    if (!message_seen_) {
        message_seen_ = true;
        part_ = Part::message;
        return Step::begin;
    }
    collected_.clear();
    is_good_ = left_ < too_long_address;
    part_ = Part::address;
    return std::nullopt;
}

std::optional<QmqpReader::Step> QmqpReader::read_message(std::string_view& bytes)
{
    if (left_ == 0) {
        part_ = Part::message_end;
        return std::nullopt;
    }
    if (whole_left_ == 0) return Step::malformed;
    text_ = spend(bytes, left_);
    left_ -= text_.size();
    return Step::text;
}

std::optional<QmqpReader::Step> QmqpReader::read_address(std::string_view& bytes)
{
    if (left_ == 0) {
        part_ = Part::address_end;
        return std::nullopt;
    }
    if (whole_left_ == 0) return Step::malformed;
    const auto piece = spend(bytes, left_);
    left_ -= piece.size();
    is_good_ = is_good_ && piece.find('\0') == std::string_view::npos;
    if (is_good_) collected_ += piece;
    return std::nullopt;
}

QmqpReader::Step QmqpReader::end_address()
{
    address_ = is_good_ ? std::optional(collected_) : std::nullopt;
    const bool is_sender = !sender_seen_;
    sender_seen_ = true;
    part_ = whole_left_ == 0 ? Part::whole_end : Part::size;
    return is_sender ? Step::sender : Step::recipient;
}

std::string_view QmqpReader::spend(std::string_view& bytes, std::uint64_t count)
{
    const auto most = std::min(count, whole_left_);
    const auto taken = bytes.substr(0, std::min<std::uint64_t>(most, bytes.size()));
    bytes.remove_prefix(taken.size());
    whole_left_ -= taken.size();
    return taken;
}

}
