#include "base/net/http_reply.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <optional>

namespace grapnel::net {

namespace {

std::string_view without_end(std::string_view line)
{
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

// RFC 9110 5.6.2.
bool is_token_octet(char c)
{
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return is_letter(c) || is_digit(c) || others.find(c) != std::string_view::npos;
}

bool is_value_octet(char c) { return static_cast<unsigned char>(c) >= 32 ? c != 127 : c == '\t'; }

std::string_view trim_blanks(std::string_view text)
{
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}

const std::string* HttpReply::field(std::string_view name) const
{
    for (const auto& field : fields)
        if (field.name == name) return &field.value;
    return nullptr;
}

bool HttpReplyReader::fail(HttpTrouble trouble, std::string why)
{
    reply_.trouble = trouble;
    reply_.why = std::move(why);
    return false;
}

bool HttpReplyReader::line(std::string_view line)
{
    header_size_ += line.size();
    if (header_size_ > header_limit) return fail(HttpTrouble::malformed, "header over 64 KiB");
    const auto text = without_end(line);
    if (!in_fields_ && !final_) return status_line(text);
    if (text.empty()) return final_ || end_of_header();
    if (++field_count_ > field_limit) return fail(HttpTrouble::malformed, "over 100 header fields");
    return final_ || field_line(text);
}

// "HTTP/1.1 200 OK", "HTTP/2 200".
bool HttpReplyReader::status_line(std::string_view line)
{
    if (line.size() > status_line_limit)
        return fail(HttpTrouble::malformed, "status line over 8 KiB");
    const auto blank = line.find(' ');
    const auto code = blank == line.npos ? "" : line.substr(blank + 1, 3);
    const auto status = parse_number<std::uint16_t>(code);
    const bool ends = line.size() <= blank + 4 || line[blank + 4] == ' ';
    if (!line.starts_with("HTTP/") || code.size() != 3 || !status || !ends || *status < 100 ||
        *status > 599)
        return fail(HttpTrouble::malformed, "malformed status line");
    if (*status == 101) return fail(HttpTrouble::malformed, "status 101");
    if (*status < 200 && ++interim_ > interim_limit)
        return fail(HttpTrouble::malformed, "over 10 interim replies");
    reply_.status = *status;
    reply_.fields.clear();
    field_count_ = 0;
    in_fields_ = true;
    return true;
}

bool HttpReplyReader::field_line(std::string_view line)
{
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon == line.npos ? 0 : colon);
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_token_octet) ||
        !std::all_of(line.begin(), line.end(), is_value_octet))
        return fail(HttpTrouble::malformed, "malformed header field");
    reply_.fields.push_back({lower(name), std::string(trim_blanks(line.substr(colon + 1)))});
    return true;
}

bool HttpReplyReader::end_of_header()
{
    in_fields_ = false;
    if (reply_.status < 200) return true;
    final_ = true;
    std::optional<std::uint64_t> length;
    bool chunked = false;
    for (const auto& [name, value] : reply_.fields) {
        if (name == "transfer-encoding") {
            if (chunked || !equal_ignoring_case(value, "chunked"))
                return fail(HttpTrouble::malformed, "unknown Transfer-Encoding");
            chunked = true;
        } else if (name == "content-length") {
            const auto number = parse_number(value);
            if (!number || (length && *length != *number))
                return fail(HttpTrouble::malformed, "malformed Content-Length");
            length = number;
        } else if (name == "content-encoding" && is_success() &&
                   !equal_ignoring_case(value, "identity")) {
            return fail(HttpTrouble::encoded, "encoded reply");
        }
    }
    if (chunked && length)
        return fail(HttpTrouble::malformed, "both Content-Length and Transfer-Encoding");
    stray_body_ = reply_.status == 204 && (chunked || length.value_or(0) > 0);
    if (is_success() && !stray_body_ && length && *length > body_limit_)
        return fail(HttpTrouble::too_large,
                    "reply over " + std::to_string(body_limit_) + " octets");
    return true;
}

bool HttpReplyReader::body(std::string_view piece)
{
    body_size_ += piece.size();
    if (!is_success()) {
        reply_.body += piece.substr(0, refusal_limit - std::min(refusal_limit, reply_.body.size()));
        enough_ = body_size_ > header_limit;
        return !enough_;
    }
    if (body_size_ > body_limit_)
        return fail(HttpTrouble::too_large,
                    "reply over " + std::to_string(body_limit_) + " octets");
    reply_.body += piece;
    return true;
}

}
