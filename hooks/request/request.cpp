#include "hooks/request/request.hpp"

#include "hooks/codec/cbor.hpp"
#include "hooks/codec/json.hpp"
#include "hooks/request/properties.hpp"
#include "hooks/values/base64.hpp"
#include "hooks/values/projection.hpp"

#include <algorithm>

namespace grapnel::hooks {

namespace json = boost::json;

namespace {

// A multiple of three: only the last piece of base64 has padding.
constexpr std::size_t piece_size = 48 * 1024;

std::optional<json::value> value_of(const Property& property, const Wanted& wanted,
                                    const Facts& facts, const Message* message)
{
    switch (property.source) {
    case PropertySource::facts:
        return wanted.take(property.of(facts));
    case PropertySource::message:
        if (message == nullptr) return nullptr;
        return wanted.take(message->properties(wanted.members()));
    case PropertySource::raw_message:
        break;
    }
    return nullptr;   // where there is one, it goes its own way
}

// Whether rawMessage follows the others.
struct Document {
    json::object members;
    bool raw_follows = false;
};

Document document(const Facts& facts, const Message* message, const std::vector<Pointer>& pointers)
{
    Document document;
    const Wanted all_wanted(pointers);
    for (const auto& property : properties()) {
        if (!property.is_for(direction(facts.stage))) continue;
        auto wanted = all_wanted.of(property.name);
        if (property.always) wanted.add(Pointer());
        if (wanted.nothing()) continue;
        if (property.source == PropertySource::raw_message && message != nullptr) {
            document.raw_follows = true;
            continue;
        }
        auto value = value_of(property, wanted, facts, message);
        if (!value || (value->is_null() && !property.nullable)) continue;
        document.members.emplace(property.name, std::move(*value));
    }
    return document;
}

std::string json_prefix(const Document& document)
{
    constexpr std::string_view opening = ",\"rawMessage\":\"";
    auto text = write_json(document.members, opening.size());
    if (!document.raw_follows) return text;
    text.pop_back();   // there are always members before it
    text += opening;
    return text;
}

std::string cbor_prefix(const Document& document, std::uint64_t raw_size)
{
    std::string bytes;
    write_cbor_map_head(document.members.size() + (document.raw_follows ? 1 : 0), bytes);
    for (const auto& member : document.members) {
        write_cbor_text(member.key(), bytes);
        const auto blobs = member.key() == "message" ? Blobs::are_bytes : Blobs::are_text;
        write_cbor(member.value(), blobs, bytes);
    }
    if (!document.raw_follows) return bytes;
    write_cbor_text("rawMessage", bytes);
    write_cbor_bytes_head(raw_size, bytes);
    return bytes;
}

}

bool carries_message(const std::vector<Pointer>& properties)
{
    const Wanted wanted(properties);
    return !wanted.of("message").nothing() || !wanted.of("rawMessage").nothing();
}

RequestBody::RequestBody(Serialization serialization, const Facts& facts, const Message* message,
                         const std::vector<Pointer>& properties)
    : serialization_(serialization)
{
    const auto found = document(facts, message, properties);
    if (found.raw_follows) raw_ = *message;
    const auto raw_size = raw_ ? raw_->size() : 0;
    if (serialization == Serialization::json) {
        prefix_ = json_prefix(found);
        if (raw_) suffix_ = "\"}";
        size_ = prefix_.size() + (raw_size + 2) / 3 * 4 + suffix_.size();
    } else {
        prefix_ = cbor_prefix(found, raw_size);
        size_ = prefix_.size() + raw_size;
    }
}

struct RequestBody::Reader::State {
    explicit State(const RequestBody& whole) : body(whole), left(whole.prefix_)
    {
        if (!whole.raw_) return;
        raw.emplace(*whole.raw_);
        raw_left = whole.raw_->size();
        if (raw_left == 0) raw.reset();
    }
    bool fetch();

    const RequestBody& body;
    std::optional<Message::Reader> raw;   // until it is read
    std::uint64_t raw_left = 0;
    std::string octets, piece;
    bool suffix_taken = false;
    std::string_view left;   // of prefix, piece or suffix
};

// What comes after what was left; false at the end.
bool RequestBody::Reader::State::fetch()
{
    if (raw) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece_size, raw_left));
        octets.resize(wanted);
        std::size_t filled = 0;
        while (filled < wanted) {
            const auto count = raw->read(octets.data() + filled, wanted - filled);
            if (count == 0) break;
            filled += count;
        }
        raw_left -= filled;
        if (filled < wanted || raw_left == 0) raw.reset();
        octets.resize(filled);
        piece = body.serialization_ == Serialization::json ? base64(octets) : std::move(octets);
        left = piece;
        return true;
    }
    if (suffix_taken) return false;
    suffix_taken = true;
    left = body.suffix_;
    return true;
}

RequestBody::Reader::Reader(const RequestBody& body) : state_(std::make_unique<State>(body)) {}
RequestBody::Reader::Reader(Reader&&) noexcept = default;
RequestBody::Reader::~Reader() = default;

std::size_t RequestBody::Reader::read(char* room, std::size_t size)
{
    std::size_t filled = 0;
    while (filled < size) {
        if (state_->left.empty() && !state_->fetch()) break;
        const auto count = state_->left.copy(room + filled, size - filled);
        state_->left.remove_prefix(count);
        filled += count;
    }
    return filled;
}

}
