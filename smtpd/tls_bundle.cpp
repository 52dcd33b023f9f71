#include "smtpd/tls_bundle.hpp"

#include "base/text.hpp"

namespace grapnel::smtpd {

namespace {

void add(std::string& bytes, char kind, std::string_view value)
{
    bytes += kind;
    bytes += std::to_string(value.size());
    bytes += ':';
    bytes += value;
}

struct Record {
    char kind = 0;
    std::string_view value = {};
};

// Takes the first one off.
std::optional<Record> take(std::string_view& bytes)
{
    const auto colon = bytes.find(':');
    if (bytes.empty() || colon == std::string_view::npos) return std::nullopt;
    const auto size = parse_number<std::uint32_t>(bytes.substr(1, colon - 1));
    if (!size || *size > bytes.size() - colon - 1) return std::nullopt;
    const Record record{bytes.front(), bytes.substr(colon + 1, *size)};
    bytes.remove_prefix(colon + 1 + *size);
    return record;
}

}

std::string encode_bundle(const net::TlsMaterial& material)
{
    std::size_t size = material.standard.size() + material.client_authorities.size() + 4096;
    for (const auto& [name, pem] : material.named) size += name.size() + pem.size() + 32;
    std::string bytes;
    bytes.reserve(size);   // growing would leave copies of keys behind
    add(bytes, 'D', material.standard);
    for (const auto& [name, pem] : material.named) {
        add(bytes, 'N', name);
        add(bytes, 'C', pem);
    }
    add(bytes, 'L', material.ciphers);
    add(bytes, 'A', material.client_authorities);
    add(bytes, 'T', material.ticket_keys);
    return bytes;
}

std::optional<net::TlsMaterial> decode_bundle(std::string_view bytes)
{
    net::TlsMaterial material;
    while (!bytes.empty()) {
        const auto record = take(bytes);
        if (!record) return std::nullopt;
        const bool begins_name = record->kind == 'C' && !material.named.empty();
        switch (record->kind) {
        case 'D':
            material.standard = record->value;
            break;
        case 'N':
            material.named.emplace_back(record->value, "");
            break;
        case 'C':
            if (!begins_name) return std::nullopt;
            material.named.back().second = record->value;
            break;
        case 'L':
            material.ciphers = record->value;
            break;
        case 'A':
            material.client_authorities = record->value;
            break;
        case 'T':
            material.ticket_keys = record->value;
            break;
        default:
            return std::nullopt;
        }
    }
    if (material.standard.empty() || material.ticket_keys.size() % net::ticket_key_size != 0)
        return std::nullopt;
    return material;
}

}
