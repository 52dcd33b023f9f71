#include "local/carried.hpp"

#include "base/text.hpp"

#include <array>
#include <string>

namespace grapnel::local {

namespace {

// Of a list's copies, too: what the text needs, and how urgent it is (RFC 6710 4.4).
constexpr std::array<std::string_view, 5> of_text{"body", "smtputf8", "requiretls", "tls-required",
                                                  "priority"};
constexpr std::array<std::string_view, 4> of_message{"ret", "envid", "mtrk", "deliver-by"};

Extensions read(std::string_view records)
{
    return records.empty() ? Extensions{} : decode_tail(' ' + std::string(records));
}

template <std::size_t Size>
void copy(const std::array<std::string_view, Size>& names, const Extensions& from, Extensions& to)
{
    for (const auto name : names)
        if (const auto* value = from.find(name)) to.set(name, *value);
}

// What was asked for beyond SUCCESS; where that was all, silence.
std::string without_success(std::string_view notify)
{
    std::string rest;
    for (const auto word : split(notify, ','))
        if (!equal_ignoring_case(word, "SUCCESS"))
            rest += (rest.empty() ? "" : ",") + std::string(word);
    return rest.empty() ? "NEVER" : rest;
}

}

ExtensionBlock carried_on(std::string_view records, Onward onward, std::size_t recipients)
{
    ExtensionBlock block;
    const auto given = read(records);
    copy(of_text, given, block.message);
    if (onward == Onward::as_list) return block;
    copy(of_message, given, block.message);
    Extensions each;
    if (const auto* notify = given.find("notify"))
        each.set("notify", onward == Onward::to_one ? *notify : without_success(*notify));
    if (const auto* orcpt = given.find("orcpt")) each.set("orcpt", *orcpt);
    for (std::size_t i = 0; i < recipients && !each.empty(); ++i) block.recipients[i] = each;
    return block;
}

std::string_view report_line(std::string_view records, Onward onward)
{
    if (onward == Onward::as_list || !read(records).find("notify")) return {};
    return onward == Onward::to_one ? "dsn passed on\n" : "dsn expanded\n";
}

}
