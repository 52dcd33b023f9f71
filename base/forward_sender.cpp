#include "base/forward_sender.hpp"

#include "base/mail/address.hpp"
#include "base/mail/name_table.hpp"
#include "base/srs_control.hpp"
#include "base/sys/cdb.hpp"
#include "base/sys/program.hpp"

#include <algorithm>
#include <ctime>
#include <system_error>

namespace grapnel {

namespace {

// A domain that this host takes mail for: bounces find back without our help.
bool is_ours(const Control& control, std::string_view domain)
{
    const auto accepted = control.list("rcpthosts");
    const auto fallback = [&] {
        return control.list("locals").value_or(std::vector{control.line("me").value_or("")});
    };
    const NameSet names(accepted ? *accepted : fallback());
    const auto parts = domain_and_suffixes(domain);
    if (std::any_of(parts.begin(), parts.end(), [&](auto part) { return names.contains(part); }))
        return true;
    const auto more = accepted ? CdbReader::open(control.path("morercpthosts.cdb")) : std::nullopt;
    const auto lowered = lower(domain);
    const auto keys = domain_and_suffixes(lowered);
    return more && std::any_of(keys.begin(), keys.end(),
                               [&](auto key) { return more->find(key).has_value(); });
}

// Null senders, double bounces and those of lists have a meaning of their own.
bool is_person(const std::string& sender)
{
    return sender.find('@') != std::string::npos && !sender.ends_with("@[]");
}

}

std::string forward_sender(const std::string& sender)
{
    if (!is_person(sender)) return sender;
    try {
        const Control control;
        const auto srs = read_srs(control);
        if (!srs) return sender;
        if (!srs->always && is_ours(control, split_address(sender).domain)) return sender;
        return srs_forward(*srs, sender, std::time(nullptr));
    } catch (const std::system_error& error) {
        throw Stop{111,
                   std::string("Unable to rewrite the sender: ") + error.what() + ". (#4.3.0)"};
    }
}

}
