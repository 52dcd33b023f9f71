#include "base/mail/envelope.hpp"

#include "base/mail/address.hpp"

namespace grapnel {

std::string encode_addresses(const Envelope& envelope)
{
    std::string wire = 'F' + envelope.sender + '\0';
    for (const auto& recipient : envelope.recipients) wire += 'T' + recipient + '\0';
    return wire;
}

std::string encode(const Envelope& envelope)
{
    return encode_addresses(envelope) + '\0' + encode_block(envelope.extensions);
}

std::optional<EnvelopeReader::Item> EnvelopeReader::take(std::string_view& bytes)
{
    while (!bytes.empty() && problem_ == Problem::none && !ended_) {
        const char letter = pending_.empty() ? bytes.front() : pending_.front();
        const bool ends_here = pending_.empty() && letter == '\0' && sender_seen_;
        if (!ends_here && letter != (sender_seen_ ? 'T' : 'F')) {
            problem_ = Problem::malformed;
            break;
        }
        const auto end = bytes.find('\0');
        const auto piece = bytes.substr(0, end);
        if (pending_.size() + piece.size() > longest_address + 1) {
            problem_ = Problem::too_long;
            break;
        }
        pending_ += piece;
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
        if (end == std::string_view::npos) break;
        ended_ = ends_here;
        sender_seen_ = true;
        Item item{letter, ends_here ? std::string() : pending_.substr(1)};
        pending_.clear();
        return item;
    }
    return std::nullopt;
}

Result<Envelope> decode_envelope(std::string_view wire)
{
    Envelope envelope;
    EnvelopeReader reader;
    while (auto item = reader.take(wire)) {
        if (item->letter == 'F') envelope.sender = std::move(item->address);
        if (item->letter == 'T') envelope.recipients.push_back(std::move(item->address));
    }
    if (reader.problem() == EnvelopeReader::Problem::too_long)
        return permanent("envelope address too long");
    if (reader.problem() != EnvelopeReader::Problem::none)
        return temporary("envelope is malformed");
    if (!reader.ended()) return temporary("envelope is cut short");
    auto block = decode_block(wire, envelope.recipients.size());
    if (!block) return block.error();
    envelope.extensions = std::move(*block);
    return envelope;
}

}
