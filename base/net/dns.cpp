#include "base/net/dns.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace grapnel::net {

namespace {

bool is_host_byte(char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; }

}

boost::asio::awaitable<DnsAnswer<std::string>> Dns::names(IpAddress, Deadline)
{
    co_return DnsAnswer<std::string>{};
}

// RFC 1035 3.5, RFC 3596 2.5.
bool can_be_name(std::string_view text)
{
    constexpr std::size_t longest_name = 253, longest_label = 63;   // RFC 1035 2.3.4, as text
    if (text.ends_with('.')) text.remove_suffix(1);
    if (text.empty() || text.size() > longest_name) return false;
    std::size_t label = 0;
    for (const char c : text) {
        if (c == '.' && label == 0) return false;
        label = c == '.' ? 0 : label + 1;
        if (label > longest_label) return false;
    }
    return label > 0;
}

std::string reverse_name(const IpAddress& address)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string name;
    for (std::size_t i = address.width() / 8; i > 0; --i) {
        const unsigned byte = address.bytes()[i - 1];
        if (address.is_v6())
            name += {digits[byte & 15], '.', digits[byte >> 4], '.'};
        else
            name += std::to_string(byte) + '.';
    }
    return name + (address.is_v6() ? "ip6.arpa" : "in-addr.arpa");
}

std::optional<std::string> decode_name(std::string_view data)
{
    std::string name;
    bool usable = true;
    if (data.size() > 255) return std::nullopt;
    while (!data.empty()) {
        const auto length = static_cast<unsigned char>(data.front());
        data.remove_prefix(1);
        if (length == 0) {
            if (!data.empty()) return std::nullopt;
            if (!usable) return std::string();
            return name.empty() ? "." : name;
        }
        if (length > 63 || length > data.size()) return std::nullopt;
        const auto label = data.substr(0, length);
        usable = usable && std::all_of(label.begin(), label.end(), is_host_byte);
        if (!name.empty()) name += '.';
        name += label;
        data.remove_prefix(length);
    }
    return std::nullopt;
}

std::optional<MxRecord> decode_mx(std::string_view data)
{
    if (data.size() < 3) return std::nullopt;
    auto host = decode_name(data.substr(2));
    if (!host) return std::nullopt;
    const auto byte = [&](std::size_t i) {
        return static_cast<unsigned>(static_cast<unsigned char>(data[i]));
    };
    return MxRecord{byte(0) << 8 | byte(1), std::move(*host)};
}

std::optional<IpAddress> decode_address(std::string_view data)
{
    if (data.size() == 4) {
        std::array<std::uint8_t, 4> bytes{};
        std::copy(data.begin(), data.end(), bytes.begin());
        return IpAddress::v4(bytes);
    }
    if (data.size() != 16) return std::nullopt;
    std::array<std::uint8_t, 16> bytes{};
    std::copy(data.begin(), data.end(), bytes.begin());
    return IpAddress::v6(bytes);
}

std::vector<std::string> resolv_conf_servers(std::string_view text)
{
    std::vector<std::string> servers;
    constexpr std::string_view keyword = "nameserver";
    for (auto line : split(text, '\n')) {
        if (!line.starts_with(keyword)) continue;
        line.remove_prefix(keyword.size());
        if (line.empty() || (line.front() != ' ' && line.front() != '\t')) continue;
        line = trim(line);
        line = line.substr(0, line.find_first_of(" \t\r#;"));
        if (!line.empty()) servers.emplace_back(line);
    }
    if (servers.empty()) servers.emplace_back("127.0.0.1");
    return servers;
}

}
