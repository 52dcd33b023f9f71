#include "base/net/url.hpp"

#include "base/net/ip_address.hpp"
#include "base/text.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

namespace grapnel::net {

namespace {

constexpr std::size_t longest = 2048;

struct DeleteUrl {
    void operator()(CURLU* url) const { ::curl_url_cleanup(url); }
};

std::optional<std::string> part(CURLU* url, CURLUPart which, unsigned flags = 0)
{
    char* value = nullptr;
    if (::curl_url_get(url, which, &value, flags) != CURLUE_OK) return std::nullopt;
    std::string text = value;
    ::curl_free(value);
    return text;
}

bool has(CURLU* url, CURLUPart which) { return part(url, which).has_value(); }

// RFC 3986 2: others must be percent-encoded. Braces and the like are what parsers differ about.
bool is_url_octet(char c)
{
    constexpr std::string_view others = "-._~:/?[]@!$&'()*+,;=%";
    return is_letter(c) || is_digit(c) || others.find(c) != std::string_view::npos;
}

bool set(CURLU* url, std::string_view text)
{
    if (text.empty() || text.size() > longest) return false;
    if (!std::all_of(text.begin(), text.end(), is_url_octet)) return false;
    if (text.find(":///") != text.npos) return false;   // parsers differ about that, too
    const std::string terminated(text);
    return ::curl_url_set(url, CURLUPART_URL, terminated.c_str(), CURLU_DISALLOW_USER) == CURLUE_OK;
}

}

std::optional<Url> Url::read(std::string_view base, std::string_view reference)
{
    const std::unique_ptr<CURLU, DeleteUrl> url(::curl_url());
    if (!url || (!base.empty() && !set(url.get(), base)) || !set(url.get(), reference))
        return std::nullopt;
    const auto scheme = part(url.get(), CURLUPART_SCHEME), host = part(url.get(), CURLUPART_HOST),
               port = part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT),
               text = part(url.get(), CURLUPART_URL), path = part(url.get(), CURLUPART_PATH);
    if (!scheme || !host || !port || !text || !path || host->empty()) return std::nullopt;
    if (has(url.get(), CURLUPART_USER) || has(url.get(), CURLUPART_PASSWORD) ||
        has(url.get(), CURLUPART_FRAGMENT))
        return std::nullopt;
    Url result;
    result.scheme_ = lower(*scheme);
    result.host_ = lower(*host);
    const auto number = parse_number<std::uint16_t>(*port);
    if ((result.scheme_ != "https" && result.scheme_ != "http") || !number || *number == 0)
        return std::nullopt;
    result.port_ = *number;
    result.text_ = *text;
    result.path_ = *path;
    if (const auto query = part(url.get(), CURLUPART_QUERY)) result.path_ += '?' + *query;
    return result;
}

std::optional<Url> Url::parse(std::string_view text)
{
    if (text.find("://") == std::string_view::npos) return std::nullopt;
    return read({}, text);
}

std::optional<Url> Url::resolve(std::string_view reference) const { return read(text_, reference); }

std::string Url::origin() const { return scheme_ + "://" + host_ + ':' + std::to_string(port_); }

bool Url::is_loopback() const
{
    std::string_view host = host_;
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto address = IpAddress::parse(host);
    return address && address->is_loopback();
}

}
