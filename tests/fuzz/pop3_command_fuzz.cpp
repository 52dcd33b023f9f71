// POP3 commands: what was split can be put together again; numbers never wrap.
#include "base/mail/pop3_command.hpp"
#include "fuzz/require.hpp"

#include <cstdint>
#include <cstdlib>

using namespace grapnel;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    const auto command = parse_pop3_command(line);
    require(command.has_value() == (line.find('\0') == std::string_view::npos));
    if (!command) return 0;
    require(command->word.find(' ') == std::string::npos);
    require(!command->argument.starts_with(' '));
    require(line.ends_with(command->argument));
    const auto again = parse_pop3_command(command->word + ' ' + command->argument);
    require(again && again->word == command->word && again->argument == command->argument);

    std::string_view rest = command->argument;
    if (const auto number = take_number(rest)) {
        require(rest.size() < command->argument.size());
        std::string_view shown = command->argument;
        const std::string text = std::to_string(*number);
        shown = shown.substr(0, shown.find_first_not_of("0123456789"));
        shown.remove_prefix(std::min(shown.find_first_not_of('0'), shown.size()));
        require(shown == text || (shown.empty() && *number == 0) ||
                (shown.size() >= 20 && *number == ~std::uint64_t{0}));
    } else {
        require(rest == command->argument);
    }
    return 0;
}
