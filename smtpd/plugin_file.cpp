#include "smtpd/plugin_file.hpp"

#include "base/sys/error.hpp"

#include <cerrno>
#include <string_view>

namespace grapnel::smtpd {

namespace {

constexpr std::string_view usual = "smtpplugins";

}

std::string plugin_file(const Environment& environment)
{
    const std::string named = environment.get("SPPCONFFILE").value_or("");
    if (named.empty()) return std::string(usual);
    std::string_view name = named;
    for (const auto& prefix : {home() + "/control/", std::string("control/")})
        if (name.starts_with(prefix)) {
            name.remove_prefix(prefix.size());
            break;
        }
    const bool inside = name.size() < named.size() && !name.empty() && !name.starts_with('.') &&
                        name.find('/') == std::string_view::npos;
    if (!inside) throw_error(EINVAL, "SPPCONFFILE is no file of control/:", named);
    return std::string(name);
}

std::vector<std::string> plugin_lines(const Control& control, const Environment& environment)
{
    const auto name = plugin_file(environment);
    auto lines = control.list(name);
    if (!lines && name != usual) throw_error(ENOENT, "unable to read", control.path(name));
    return lines.value_or(std::vector<std::string>());
}

}
