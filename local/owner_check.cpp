#include "local/owner_check.hpp"

#include "base/mail/extension.hpp"
#include "base/mail/header.hpp"
#include "base/mail/owners.hpp"
#include "base/mail/valid_since.hpp"
#include "base/sys/control.hpp"
#include "base/sys/error.hpp"
#include "base/sys/fd.hpp"
#include "base/sys/file.hpp"
#include "base/sys/memory_file.hpp"
#include "base/sys/program.hpp"
#include "base/text.hpp"

#include "build_config.hpp"

#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <system_error>

namespace grapnel::local {

namespace {

constexpr int message = 0;
constexpr std::size_t longest_header = 1 << 20;   // what is behind it is not looked at

void rewind_message()
{
    if (::lseek(message, 0, SEEK_SET) != 0) throw_errno("unable to rewind the message");
}

const std::string* prefix_of(const NameMap& virtual_domains, std::string_view domain)
{
    for (const auto name : domain_and_suffixes(domain))
        if (const auto* found = virtual_domains.find(name)) return found;
    return virtual_domains.find("");
}

// As the sender wrote it: without what control/virtualdomains put before it.
std::string address_of(const Options& options, const Control& control)
{
    const auto& local = options.local;
    const auto lines = control.list("virtualdomains");
    const auto locals = control.list("locals");
    const bool is_local = locals
                              ? NameSet(*locals).contains(options.domain)
                              : equal_ignoring_case(control.line_or_me("me", ""), options.domain);
    if (lines && !is_local) {
        const NameMap domains(*lines);
        for (auto dash = local.find('-'); dash != std::string::npos;
             dash = local.find('-', dash + 1)) {
            const auto rest = local.substr(dash + 1) + '@' + options.domain;
            const auto* prefix = domains.find(rest);
            if (!prefix) prefix = prefix_of(domains, options.domain);
            if (prefix && *prefix == local.substr(0, dash)) return rest;
        }
    }
    return local + '@' + options.domain;
}

// Returns what was read of the body.
std::string each_field(Reader& input, const std::function<void(const std::string&)>& take)
{
    HeaderSplitter header(longest_header);
    for (;;) {
        auto piece = input.available();
        const auto before = piece.size();
        const auto step = before == 0 ? header.finish() : header.take(piece);
        input.consume(before - piece.size());
        if (step == HeaderSplitter::Step::field) take(header.field());
        if (step == HeaderSplitter::Step::too_long)
            throw Stop{100, "The header of this message is too long. (#5.3.4)"};
        if (step == HeaderSplitter::Step::end)
            return (header.empty_line() ? "\n" : "") + header.rest();
    }
}

std::optional<ValidSinceField> owner_field(const std::string& field)
{
    if (!is_field(field, valid_since_name)) return std::nullopt;
    return parse_valid_since(field_value(field));
}

// Of several the earliest, which says the most.
std::optional<std::time_t> time_in_header(std::string_view address)
{
    std::optional<std::time_t> earliest;
    rewind_message();
    Reader input(message, 65536);
    each_field(input, [&](const std::string& text) {
        const auto field = owner_field(text);
        if (field && equal_ignoring_case(field->address, address))
            earliest = std::min(earliest.value_or(field->time), field->time);
    });
    return earliest;
}

std::optional<std::time_t> time_in_records(std::string_view records)
{
    if (records.empty()) return std::nullopt;
    const auto given = decode_tail(' ' + std::string(records));
    const auto* value = given.find("rrvs");
    const auto known = value ? parse_rrvs(*value) : std::nullopt;
    return known ? std::optional(known->time) : std::nullopt;
}

}

bool require_owner(const Options& options, std::string_view records, bool header_asks)
{
    auto since = time_in_records(records);
    if (!since && !header_asks) return false;
    const Control control;
    const auto lines = control.list("ownersince");
    if (!since && !lines) return false;
    const auto address = address_of(options, control);
    if (!since) since = time_in_header(address);
    if (!since || is_role_account(address)) return lines.has_value();
    const auto owner =
        lines ? Owners(*lines, build::separator).of(address, *since) : Owner::unknown;
    if (owner == Owner::same) return lines.has_value();
    const auto [status, text] = words_of(owner);
    throw Stop{100, "Sorry, " + std::string(text) + ". (#" + std::string(status) + ')'};
}

void take_owner_fields_out(const Options& options, bool all)
{
    const auto address = all ? std::string() : address_of(options, Control());
    rewind_message();
    Reader input(message, 65536);
    const Fd copy = make_memory_file("message");
    Writer output(copy.get(), "a copy of the message");
    const auto rest = each_field(input, [&](const std::string& text) {
        const bool one = is_field(text, valid_since_name);
        const auto field = one && !all ? owner_field(text) : std::nullopt;
        if (!one || (!all && !(field && equal_ignoring_case(field->address, address))))
            output.write(text);
    });
    output.write(rest);
    for (auto piece = input.available(); !piece.empty(); piece = input.available()) {
        output.write(piece);
        input.consume(piece.size());
    }
    output.flush();
    if (::dup2(copy.get(), message) != message) throw_errno("unable to use a copy of the message");
    rewind_message();
}

}
