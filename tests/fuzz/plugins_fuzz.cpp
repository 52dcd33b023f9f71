// What plugins say: few lines of each kind, none of them with a line end in it.
#include "smtpd/plugins.hpp"

#include <cstdint>
#include <cstdlib>

using namespace grapnel::smtpd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto words = parse_plugin_output(bytes);
    const auto is_line = [](const std::string& text) {
        return text.size() <= 1000 &&
               text.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
    };
    if (!is_line(words.message) || (words.address && !is_line(*words.address))) std::abort();
    for (const auto* list : {&words.headers, &words.printed}) {
        if (list->size() > 100) std::abort();
        for (const auto& line : *list)
            if (!is_line(line)) std::abort();
    }
    if (words.variables.size() > 100 || words.later.size() > 100) std::abort();
    for (const auto& [entry, is_set] : words.variables)
        if (!is_line(entry) ||
            (is_set && (entry.find('=') == 0 || entry.find('=') == std::string::npos)))
            std::abort();
    return 0;
}
