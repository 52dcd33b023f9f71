#include "local/variables.hpp"

#include "base/mail/address.hpp"
#include "base/mail/date.hpp"

#include <algorithm>

namespace grapnel::local {

namespace {

// An address with a line end in it must not make a second header line.
std::string one_line(std::string text)
{
    std::replace(text.begin(), text.end(), '\n', '_');
    return text;
}

std::string without_blanks(std::string text)
{
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == ' ' || c == '\t' || c == '\n'; }, '-');
    return text;
}

// As quote_address, but local parts with bytes above 127 are quoted too, which RFC 6531 3.3 allows
// and readers of Return-Path lines have always seen.
std::string quoted_sender(const std::string& sender)
{
    const auto parts = split_address(sender);
    if (std::all_of(parts.local.begin(), parts.local.end(),
                    [](char c) { return static_cast<unsigned char>(c) < 128; }))
        return quote_address(sender);
    std::string quoted = "\"";
    for (const char c : parts.local) {
        if (c == '"' || c == '\\' || c == '\r' || c == '\n') quoted += '\\';
        quoted += c;
    }
    quoted += '"';
    return parts.has_at ? quoted + '@' + std::string(parts.domain) : quoted;
}

std::string_view behind_dash(std::string_view text)
{
    const auto dash = text.find('-');
    return dash == std::string_view::npos ? std::string_view{} : text.substr(dash + 1);
}

std::string_view before_last_dot(std::string_view text) { return text.substr(0, text.rfind('.')); }

}

TraceLines trace_lines(const Options& options, std::time_t now)
{
    const std::string sender =
        options.sender.empty() ? "MAILER-DAEMON" : without_blanks(options.sender);
    return {
        one_line("Delivered-To: " + options.local + '@' + options.domain) + '\n',
        one_line("Return-Path: <" + quoted_sender(options.sender)) + ">\n",
        "From " + sender + ' ' + date_mbox(now) + '\n',
    };
}

void set_variables(Environment& environment, const Options& options, const TraceLines& lines)
{
    environment.set("HOME", options.home);
    environment.set("USER", options.user);
    environment.set("LOCAL", options.local);
    environment.set("RECIPIENT", options.local + '@' + options.domain);
    environment.set("SENDER", options.sender);
    environment.set("DTLINE", lines.delivered_to);
    environment.set("RPLINE", lines.return_path);
    environment.set("UFLINE", lines.from);

    std::string_view host = options.domain;
    environment.set("HOST", host);
    for (const char* name : {"HOST2", "HOST3", "HOST4"})
        environment.set(name, host = before_last_dot(host));
    std::string_view extension = options.extension;
    environment.set("EXT", extension);
    for (const char* name : {"EXT2", "EXT3", "EXT4"})
        environment.set(name, extension = behind_dash(extension));
}

}
