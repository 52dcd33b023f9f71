#include "base/mail/extension.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace grapnel {

const std::string* Extensions::find(std::string_view name) const
{
    for (const auto& [known, value] : records_)
        if (known == name) return &value;
    return nullptr;
}

namespace {

bool stands_for_itself(char c) { return c > 32 && c < 127 && c != '%'; }

// " name=value", as it stands in a tail.
std::size_t written_size(std::string_view name, std::string_view value)
{
    const auto plain =
        static_cast<std::size_t>(std::count_if(value.begin(), value.end(), stands_for_itself));
    return 1 + name.size() + 1 + plain + 3 * (value.size() - plain);
}

}

void Extensions::set(std::string_view name, std::string_view value)
{
    written_ += written_size(name, value);
    for (auto& [known, old] : records_)
        if (known == name) {
            written_ -= written_size(known, old);
            old = value;
            return;
        }
    records_.emplace_back(name, value);
}

void Extensions::erase(std::string_view name)
{
    std::erase_if(records_, [&](const auto& record) {
        if (record.first == name) written_ -= written_size(record.first, record.second);
        return record.first == name;
    });
}

bool Extensions::within(const ExtensionLimits& limits) const
{
    return records_.size() <= limits.records && written_ <= limits.bytes;
}

namespace {

constexpr std::string_view digits = "0123456789ABCDEF";

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

namespace {

// "I:" of twenty digits, the name, "=", and each octet of the value as %XX.
constexpr std::size_t longest_record =
    21 + longest_extension_name + 1 + 3 * longest_extension_value;

}

std::optional<ExtensionReader::Level> ExtensionReader::take(std::string_view& bytes)
{
    while (!bytes.empty() && !ended_ && problem_ == Problem::none) {
        const auto end = bytes.find('\0');
        const auto piece = bytes.substr(0, end);
        if (pending_.size() + piece.size() > longest_record) {
            problem_ = Problem::malformed;
            break;
        }
        pending_ += piece;
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
        if (end == std::string_view::npos) break;
        ended_ = pending_.empty();
        if (ended_) break;
        auto complete = accept(std::exchange(pending_, {}));
        if (complete) return complete;
    }
    return std::nullopt;
}

std::optional<ExtensionReader::Level> ExtensionReader::accept(std::string_view record)
{
    problem_ = Problem::malformed;
    std::optional<std::size_t> recipient;
    if (is_digit(record.front())) {
        recipient = parse_number<std::size_t>(take_until(record, ':').value_or(""));
        if (!recipient || *recipient >= recipient_count_) return std::nullopt;
    }
    const auto decoded = decode_record(record);
    if (!decoded) return std::nullopt;
    std::optional<Level> complete;
    if (level_ && level_->recipient != recipient) complete = std::exchange(level_, std::nullopt);
    if (complete && recipient < complete->recipient)
        return std::nullopt;   // the message comes before any recipient
    if (!level_) level_ = Level{recipient};
    level_->extensions.set(decoded->first, decoded->second);
    if (!level_->extensions.within(recipient ? recipient_extension_limits
                                             : message_extension_limits))
        return std::nullopt;
    problem_ = Problem::none;
    return complete;
}

std::optional<ExtensionReader::Level> ExtensionReader::finish()
{
    if (problem_ == Problem::none && !pending_.empty()) problem_ = Problem::cut_short;
    if (problem_ != Problem::none) return std::nullopt;
    return std::exchange(level_, std::nullopt);
}

Result<ExtensionBlock> decode_block(std::string_view bytes, std::size_t recipient_count)
{
    ExtensionBlock block;
    ExtensionReader reader(recipient_count);
    const auto keep = [&](ExtensionReader::Level&& level) {
        (level.recipient ? block.recipients[*level.recipient] : block.message) =
            std::move(level.extensions);
    };
    while (auto level = reader.take(bytes)) keep(std::move(*level));
    if (auto level = reader.finish()) keep(std::move(*level));
    if (reader.problem() == ExtensionReader::Problem::cut_short)
        return temporary("extension block is cut short");
    if (reader.problem() == ExtensionReader::Problem::malformed)
        return permanent("extension block is malformed");
    return block;
}

std::string encode_tail(const Extensions& extensions)
{
    std::string tail;
    for (const auto& [name, value] : extensions.records()) tail += ' ' + encode_record(name, value);
    return tail;
}

void UnreadRecords::note(std::string_view record)
{
    const auto name = record.substr(0, record.find('='));
    if (name.starts_with('!') && is_name(name.substr(1)))
        required = name;
    else
        ++malformed;
}

Extensions decode_tail(std::string_view tail, UnreadRecords* unread)
{
    Extensions extensions;
    if (tail.empty() || tail.front() != ' ') return extensions;
    tail.remove_prefix(1);
    for (const auto record : split(tail, ' ')) {
        if (const auto decoded = decode_record(record))
            extensions.set(decoded->first, decoded->second);
        else if (unread)
            unread->note(record);
    }
    return extensions;
}

}
