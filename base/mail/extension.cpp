#include "base/mail/extension.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace grapnel {

const std::string* Extensions::find(std::string_view name) const
{
    for (const auto& [known, value] : records_)
        if (known == name) return &value;
    return nullptr;
}

void Extensions::set(std::string_view name, std::string_view value)
{
    for (auto& [known, old] : records_)
        if (known == name) {
            old = value;
            return;
        }
    records_.emplace_back(name, value);
}

void Extensions::erase(std::string_view name)
{
    std::erase_if(records_, [&](const auto& record) { return record.first == name; });
}

bool Extensions::within(const ExtensionLimits& limits) const
{
    return records_.size() <= limits.records && encode_tail(*this).size() <= limits.bytes;
}

namespace {

constexpr std::string_view digits = "0123456789ABCDEF";

bool stands_for_itself(char c) { return c > 32 && c < 127 && c != '%'; }

std::optional<unsigned> hex_value(char c)
{
    const auto at = digits.find(c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c);
    if (at == std::string_view::npos) return std::nullopt;
    return static_cast<unsigned>(at);
}

bool is_name(std::string_view name)
{
    if (name.empty() || name.size() > longest_extension_name) return false;
    if (name.front() < 'a' || name.front() > 'z') return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '.';
    });
}

}

std::string encode_record(std::string_view name, std::string_view value)
{
    std::string record(name);
    record += '=';
    for (const char c : value) {
        if (stands_for_itself(c)) {
            record += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        record += '%';
        record += digits[byte >> 4];
        record += digits[byte & 15];
    }
    return record;
}

Result<std::pair<std::string, std::string>> decode_record(std::string_view record)
{
    const auto name = take_until(record, '=');
    if (!name || !is_name(*name)) return permanent("extension record has no proper name");
    std::string value;
    for (std::size_t i = 0; i < record.size(); ++i) {
        if (stands_for_itself(record[i])) {
            value += record[i];
            continue;
        }
        if (record[i] != '%' || i + 2 >= record.size())
            return permanent("extension record has a stray byte");
        const auto high = hex_value(record[i + 1]);
        const auto low = hex_value(record[i + 2]);
        if (!high || !low || *high + *low == 0)
            return permanent("extension record has a bad escape");
        value += static_cast<char>(*high * 16 + *low);
        i += 2;
    }
    if (value.size() > longest_extension_value) return permanent("extension record is too long");
    return std::pair(std::string(*name), std::move(value));
}

std::string encode_block(const ExtensionBlock& block)
{
    std::string bytes;
    for (const auto& [name, value] : block.message.records())
        bytes += encode_record(name, value) + '\0';
    for (const auto& [index, extensions] : block.recipients)
        for (const auto& [name, value] : extensions.records())
            bytes += std::to_string(index) + ':' + encode_record(name, value) + '\0';
    return bytes;
}

Result<ExtensionBlock> decode_block(std::string_view bytes, std::size_t recipient_count)
{
    ExtensionBlock block;
    while (!bytes.empty()) {
        auto record = take_until(bytes, '\0');
        if (!record) return temporary("extension block is cut short");
        auto* level = &block.message;
        auto limits = message_extension_limits;
        if (!record->empty() && is_digit(record->front())) {
            const auto index = take_until(*record, ':');
            const auto number = parse_number<std::size_t>(index.value_or(""));
            if (!number || *number >= recipient_count)
                return permanent("extension record for a recipient that is not there");
            level = &block.recipients[*number];
            limits = recipient_extension_limits;
        }
        const auto decoded = decode_record(*record);
        if (!decoded) return decoded.error();
        level->set(decoded->first, decoded->second);
        if (!level->within(limits)) return permanent("too many extension records");
    }
    return block;
}

std::string encode_tail(const Extensions& extensions)
{
    std::string tail;
    for (const auto& [name, value] : extensions.records()) tail += ' ' + encode_record(name, value);
    return tail;
}

Extensions decode_tail(std::string_view tail, std::size_t* skipped)
{
    Extensions extensions;
    if (tail.empty() || tail.front() != ' ') return extensions;
    tail.remove_prefix(1);
    for (const auto record : split(tail, ' ')) {
        if (const auto decoded = decode_record(record))
            extensions.set(decoded->first, decoded->second);
        else if (skipped)
            ++*skipped;
    }
    return extensions;
}

}
