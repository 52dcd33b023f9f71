#include "smtpd/sasl/prepare.hpp"

#include <stringprep.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace grapnel::sasl {

namespace {

bool is_visible_ascii(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 32 && c < 127; });
}

std::optional<net::Secret> prepared(std::string_view text)
{
    if (text.find('\0') != std::string_view::npos) return std::nullopt;
    char* result = nullptr;
    net::Secret terminated(text);   // its text is: a std::string lies in it
    const int status = ::stringprep_profile(terminated.view().data(), &result, "SASLprep",
                                            STRINGPREP_NO_UNASSIGNED);
    if (status != STRINGPREP_OK) return std::nullopt;
    net::Secret found{std::string_view(result)};
    net::wipe_bytes(result);
    std::free(result);
    return found;
}

}

std::optional<std::string> prepare_name(std::string_view name)
{
    if (name.empty() || name.size() > longest_name) return std::nullopt;
    if (is_visible_ascii(name)) return std::string(name);   // is its own form
    const auto found = prepared(name);
    if (!found || found->empty() || found->view().size() > longest_name) return std::nullopt;
    return std::string(found->view());
}

net::Secret prepare_password(std::string_view password)
{
    if (!is_visible_ascii(password))
        if (auto found = prepared(password)) return std::move(*found);
    return net::Secret(password);
}

}
