#include "base/sys/environment.hpp"

#include "build_config.hpp"

#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace grapnel {

Environment Environment::of_process()
{
    Environment result;
    for (char** entry = environ; entry && *entry; ++entry) {
        const std::string_view text = *entry;
        const auto equals = text.find('=');
        if (equals != std::string_view::npos)
            result.variables_.try_emplace(std::string(text.substr(0, equals)),
                                          text.substr(equals + 1));
    }
    return result;
}

std::optional<std::string> Environment::get(std::string_view name) const
{
    const auto found = variables_.find(name);
    if (found == variables_.end()) return std::nullopt;
    return found->second;
}

void Environment::set(std::string_view name, std::string_view value)
{
    variables_.insert_or_assign(std::string(name), std::string(value.substr(0, value.find('\0'))));
}

void Environment::unset(std::string_view name)
{
    if (const auto found = variables_.find(name); found != variables_.end())
        variables_.erase(found);
}

std::vector<std::string> Environment::entries() const
{
    std::vector<std::string> result;
    result.reserve(variables_.size());
    for (const auto& [name, value] : variables_) result.push_back(name + '=' + value);
    return result;
}

namespace {

// Who exports QMAILHOME=/var/qmail means no sandbox; as one, root's daemons would stay root.
bool is_production_home(const char* path)
{
    struct stat named {
    }, built{};
    return std::string_view(path) == build::home ||
           (::stat(path, &named) == 0 && ::stat(build::home, &built) == 0 &&
            named.st_dev == built.st_dev && named.st_ino == built.st_ino);
}

const char* sandbox_home()
{
    static const char* const found = []() -> const char* {
        const char* value = ::getauxval(AT_SECURE) == 0 ? std::getenv("QMAILHOME") : nullptr;
        return value && value[0] == '/' && !is_production_home(value) ? value : nullptr;
    }();
    return found;
}

}

bool in_sandbox() { return sandbox_home() != nullptr; }

const std::string& home()
{
    static const std::string result = in_sandbox() ? sandbox_home() : build::home;
    return result;
}

}
