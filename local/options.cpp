#include "local/options.hpp"

#include <cstddef>
#include <string_view>

namespace grapnel::local {

namespace {

constexpr std::string_view usage =
    "qmail-local: usage: qmail-local [ -nN ] user homedir local dash ext domain sender aliasempty";

Failure complain(std::string_view program, char option)
{
    const auto name = program.substr(program.rfind('/') + 1);
    std::string text(name);
    text += ": illegal option -- ";
    text += option;
    return permanent(text + '\n' + std::string(usage));
}

}

Result<Options> parse_options(const std::vector<std::string>& arguments)
{
    Options options;
    std::size_t next = 1;
    for (; next < arguments.size(); ++next) {
        const std::string_view word = arguments[next];
        if (word.size() < 2 || word[0] != '-') break;
        if (word == "--") {
            ++next;
            break;
        }
        for (const char option : word.substr(1)) {
            if (option != 'n' && option != 'N') return complain(arguments[0], option);
            options.dry_run = option == 'n';
        }
    }
    std::string* const fields[] = {&options.user,   &options.home,      &options.local,
                                   &options.dash,   &options.extension, &options.domain,
                                   &options.sender, &options.fallback};
    if (arguments.size() != next + std::size(fields)) return permanent(std::string(usage));
    for (auto* field : fields) *field = arguments[next++];
    if (!options.home.starts_with('/')) return permanent(std::string(usage));
    return options;
}

}
