// Command lines in any pieces, then verb, path and parameters.
#include "base/mail/utf8.hpp"
#include "smtpd/command.hpp"
#include "smtpd/parameters.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace grapnel::smtpd;

namespace {

void check(bool claim)
{
    if (!claim) std::abort();
}

std::vector<std::string> lines(std::string_view wire, std::size_t piece, bool bare_lf)
{
    CommandReader reader(bare_lf);
    std::vector<std::string> result;
    while (!wire.empty()) {
        auto part = wire.substr(0, piece);
        wire.remove_prefix(part.size());
        while (!part.empty()) {
            const auto line = reader.take(part);
            if (!line) break;
            check(line->text.size() <= longest_command &&
                  (line->fault == CommandLine::Fault::none || line->text.empty()));
            result.push_back(line->text + static_cast<char>('0' + static_cast<int>(line->fault)));
            if (line->fault == CommandLine::Fault::hopeless) return result;
        }
    }
    return result;
}

// What scanners are shown is fit to be shown, and part of what was written.
void check_given(const Path& path)
{
    check(path.as_given.ends_with(path.mailbox()));
    if (path.route > 0) check(path.as_given[path.route - 1] == ':');
    const auto given = parameters_as_given(path.parameters);
    check(given.size() <= most_parameters);
    for (const auto& [keyword, value] : given) {
        check(!keyword.empty() && keyword.size() <= 64);
        for (const char c : keyword)
            check(c == '-' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'));
        for (const char c : value) check((c > 32 || (c & 0x80) != 0) && c != 127 && c != '=');
        check(grapnel::is_utf8(value));
        check(path.parameters.find(value) != std::string::npos);
    }
}

void parse(std::string_view argument, std::string_view keyword, const PathRules& rules)
{
    Path path;
    if (parse_path(argument, keyword, rules, path) != Fault::none) return;
    check(path.address.size() <= longest_path);
    if (!rules.controls && !rules.classic)
        for (const char c : path.address) check(c >= 32 && c != 127);
    Extensions offered;
    for (int i = 0; i <= static_cast<int>(Extension::help); ++i)
        offered.switch_on(static_cast<Extension>(i));
    grapnel::Extensions records;
    Parameters of_mail, of_rcpt;
    of_rcpt.smtputf8 = rules.utf8;
    if (parse_parameters(path.parameters, ParameterPlace::mail, offered, false, of_mail) ==
        Fault::none)
        record_message(of_mail, 1'800'000'000, of_mail.priority.value_or(0), records);
    parse_parameters(path.parameters, ParameterPlace::mail, offered, true, of_mail);
    if (parse_parameters(path.parameters, ParameterPlace::rcpt, offered, false, of_rcpt) ==
        Fault::none)
        record_recipient(of_rcpt, records);
    check(records.within(grapnel::message_extension_limits));
    std::string tail = grapnel::encode_tail(records);
    check(grapnel::decode_tail(tail) == records);
    check_given(path);
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view wire(reinterpret_cast<const char*>(data), size);
    for (const bool bare_lf : {false, true}) {
        const auto whole = lines(wire, wire.size() + 1, bare_lf);
        for (const std::size_t piece : {1u, 2u, 3u, 7u})
            check(lines(wire, piece, bare_lf) == whole);
        for (const auto& line : whole) {
            const auto command = split_command(std::string_view(line).substr(0, line.size() - 1));
            for (unsigned bits = 0; bits < 16; ++bits) {
                PathRules rules;
                rules.brackets_optional = (bits & 1) != 0;
                rules.without_domain = (bits & 2) != 0;
                rules.controls = (bits & 4) != 0;
                rules.classic = (bits & 8) != 0;
                rules.may_be_empty = rules.may_be_postmaster = rules.underscore = (bits & 1) != 0;
                parse(command.argument, "FROM:", rules);
                parse(line, "", rules);
            }
            is_host_name(command.argument, true);
        }
    }
    return 0;
}
