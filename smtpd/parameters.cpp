#include "smtpd/parameters.hpp"

#include "base/mail/date.hpp"
#include "base/mail/dsn_parameters.hpp"
#include "base/mail/utf8.hpp"
#include "base/mail/valid_since.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <limits>

namespace grapnel::smtpd {

namespace {

// No value is another thing than an empty one.
using Value = std::optional<std::string_view>;

struct Row {
    std::string_view keyword;
    ParameterPlace place;
    Extension extension;
    bool (*take)(Value value, Parameters& parameters);
};

bool all_digits(std::string_view text, std::size_t most)
{
    return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), is_digit);
}

bool take_size(Value value, Parameters& parameters)
{
    if (!value || !all_digits(*value, 20)) return false;
    parameters.size = parse_number(*value).value_or(std::numeric_limits<std::uint64_t>::max());
    return true;
}

bool take_body(Value value, Parameters& parameters)
{
    if (!value) return false;
    parameters.body = *value;
    return equal_ignoring_case(*value, "7BIT") || equal_ignoring_case(*value, "8BITMIME") ||
           parameters.is_binary();
}

template <bool Parameters::*flag>
bool take_flag(Value value, Parameters& parameters)
{
    parameters.*flag = true;
    return !value;
}

template <std::optional<std::string> Parameters::*text, bool (*fits)(std::string_view)>
bool take_text(Value value, Parameters& parameters)
{
    if (!value || !fits(*value)) return false;
    parameters.*text = *value;
    return true;
}

bool take_orcpt(Value value, Parameters& parameters)
{
    if (!value || !is_orcpt(*value, parameters.smtputf8)) return false;
    parameters.orcpt = *value;
    return true;
}

// "120;R", "-3600;NT". A return can only be asked for what is still possible.
bool take_deliver_by(Value value, Parameters& parameters)
{
    if (!value) return false;
    auto text = *value;
    const bool negative = text.starts_with('-');
    const auto semicolon = text.find(';');
    if (semicolon == std::string_view::npos) return false;
    const auto digits = text.substr(negative ? 1 : 0, semicolon - (negative ? 1 : 0));
    const auto mode = lower(text.substr(semicolon + 1));
    if (!all_digits(digits, 9)) return false;
    if (mode != "n" && mode != "r" && mode != "nt" && mode != "rt") return false;
    DeliverBy by;
    by.seconds = static_cast<std::int64_t>(parse_number(digits).value_or(0)) * (negative ? -1 : 1);
    by.mode = mode[0] == 'r' ? 'R' : 'N';
    by.trace = mode.size() == 2;
    parameters.deliver_by = by;
    return by.mode == 'N' || by.seconds > 0;
}

bool take_hold_for(Value value, Parameters& parameters)
{
    if (!value || !all_digits(*value, 9) || value->front() == '0') return false;
    parameters.hold_for = parse_number(*value);
    return true;
}

bool take_hold_until(Value value, Parameters& parameters)
{
    if (value) parameters.hold_until = parse_date_3339(*value);
    return parameters.hold_until.has_value();
}

bool take_priority(Value value, Parameters& parameters)
{
    if (!value) return false;
    const bool negative = value->starts_with('-');
    const auto digit = value->substr(negative ? 1 : 0);
    if (digit.size() != 1 || !is_digit(digit[0]) || (negative && digit[0] == '0')) return false;
    parameters.priority = (digit[0] - '0') * (negative ? -1 : 1);
    return true;
}

bool is_rrvs(std::string_view value) { return parse_rrvs(value).has_value(); }

// RFC 4954 5: xtext of at most 500 octets, or "<>".
bool is_auth(std::string_view value)
{
    return !value.empty() && value.size() <= 500 && (value == "<>" || decode_xtext(value));
}

constexpr auto at_mail = ParameterPlace::mail, at_rcpt = ParameterPlace::rcpt;
constexpr std::array rows{
    Row{"SIZE", at_mail, Extension::size, take_size},
    Row{"BODY", at_mail, Extension::eight_bit_mime, take_body},
    Row{"SMTPUTF8", at_mail, Extension::smtputf8, take_flag<&Parameters::smtputf8>},
    Row{"AUTH", at_mail, Extension::auth, take_text<&Parameters::auth, is_auth>},
    Row{"RET", at_mail, Extension::dsn, take_text<&Parameters::ret, is_ret>},
    Row{"ENVID", at_mail, Extension::dsn, take_text<&Parameters::envid, is_envid>},
    Row{"REQUIRETLS", at_mail, Extension::require_tls, take_flag<&Parameters::require_tls>},
    Row{"BY", at_mail, Extension::deliver_by, take_deliver_by},
    Row{"HOLDFOR", at_mail, Extension::future_release, take_hold_for},
    Row{"HOLDUNTIL", at_mail, Extension::future_release, take_hold_until},
    Row{"MT-PRIORITY", at_mail, Extension::mt_priority, take_priority},
    Row{"NOTIFY", at_rcpt, Extension::dsn, take_text<&Parameters::notify, is_notify>},
    Row{"ORCPT", at_rcpt, Extension::dsn, take_orcpt},
    Row{"RRVS", at_rcpt, Extension::rrvs, take_text<&Parameters::rrvs, is_rrvs>},
};

Value value_of(std::string_view word)
{
    const auto equals = word.find('=');
    return equals == std::string_view::npos ? Value() : Value(word.substr(equals + 1));
}

}

bool Parameters::is_binary() const { return body && equal_ignoring_case(*body, "BINARYMIME"); }

std::optional<std::string> decode_xtext(std::string_view text)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] < 33 || text[i] > 126 || text[i] == '=') return std::nullopt;
        if (text[i] != '+') {
            result += text[i];
            continue;
        }
        if (text.size() - i < 3) return std::nullopt;
        const auto high = digits.find(text[i + 1]), low = digits.find(text[i + 2]);
        if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
        result += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return result;
}

Fault parse_parameters(std::string_view text, ParameterPlace place, const Extensions& offered,
                       bool ignore_unknown, Parameters& parameters)
{
    std::bitset<rows.size()> seen;
    std::size_t count = 0;
    for (const auto word : split(text, ' ')) {
        if (word.empty()) continue;
        if (++count > most_parameters) return Fault::value;
        if (!ignore_unknown && std::any_of(word.begin(), word.end(), is_control))
            return Fault::value;   // RFC 5321 4.1.2
        const auto keyword = word.substr(0, word.find('='));
        const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& candidate) {
            return candidate.place == place && offered.has(candidate.extension) &&
                   equal_ignoring_case(candidate.keyword, keyword);
        });
        if (row == rows.end()) {
            if (ignore_unknown) continue;
            return Fault::parameter;
        }
        const auto index = static_cast<std::size_t>(row - rows.begin());
        if (seen[index]) return Fault::twice;
        seen.set(index);
        if (!row->take(value_of(word), parameters)) return Fault::value;
    }
    if (parameters.is_binary() && !offered.has(Extension::binary_mime)) return Fault::value;
    // RFC 4865 4.1: either, not both.
    if (parameters.hold_for && parameters.hold_until) return Fault::value;
    return Fault::none;
}

void record_message(const Parameters& parameters, std::time_t now, int granted,
                    grapnel::Extensions& records)
{
    if (parameters.body) records.set("body", *parameters.body);
    if (parameters.ret) records.set("ret", *parameters.ret);
    if (parameters.envid) records.set("envid", *parameters.envid);
    if (parameters.auth) records.set("auth", *parameters.auth);
    if (parameters.smtputf8) records.set("smtputf8", "1");
    if (parameters.require_tls) records.set("requiretls", "1");
    if (const auto& by = parameters.deliver_by)
        records.set("deliver-by",
                    std::to_string(now + by->seconds) + ';' + by->mode + (by->trace ? "T" : ""));
    if (parameters.hold_for)
        records.set("hold-until",
                    std::to_string(now + static_cast<std::time_t>(*parameters.hold_for)));
    if (parameters.hold_until) records.set("hold-until", std::to_string(*parameters.hold_until));
    if (parameters.priority) {
        std::string text = std::to_string(granted);
        if (granted != *parameters.priority) text += '/' + std::to_string(*parameters.priority);
        records.set("priority", text);
    }
}

void record_recipient(const Parameters& parameters, grapnel::Extensions& records)
{
    if (parameters.notify) records.set("notify", *parameters.notify);
    if (parameters.orcpt) records.set("orcpt", *parameters.orcpt);
    if (parameters.rrvs) records.set("rrvs", *parameters.rrvs);
}

bool ask_for_utf8(std::string_view parameters)
{
    const auto words = split(parameters, ' ');
    return std::any_of(words.begin(), words.end(),
                       [](std::string_view word) { return equal_ignoring_case(word, "SMTPUTF8"); });
}

namespace {

bool is_keyword(std::string_view text)
{
    return !text.empty() && text.size() <= 64 && text.front() != '-' &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

// Of a value beyond ASCII (RFC 6533) all is UTF-8.
bool is_value(std::string_view text)
{
    return is_utf8(text) && std::all_of(text.begin(), text.end(), [](char c) {
               return (c > 32 || (c & 0x80) != 0) && c != 127 && c != '=';
           });
}

}

std::vector<std::pair<std::string, std::string>> parameters_as_given(std::string_view text)
{
    std::vector<std::pair<std::string, std::string>> result;
    for (const auto word : split(text, ' ')) {
        const auto keyword = word.substr(0, word.find('='));
        const auto value = value_of(word).value_or("");
        if (!is_keyword(keyword) || !is_value(value)) continue;
        if (result.size() == most_parameters) break;
        auto& [name, given] = result.emplace_back(keyword, value);
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    }
    return result;
}

}
