// .qmail files and extensions: what is written anew is understood alike, and no name leaves the
// home.
#include "fuzz/require.hpp"
#include "local/dot_qmail.hpp"

#include <cstdint>
#include <cstdlib>

using namespace grapnel::local;

namespace {

std::string written(const std::vector<Instruction>& instructions)
{
    std::string text = "#\n";   // a file of no instructions is valid too
    bool refusing = false;
    for (const auto& instruction : instructions) {
        if (instruction.refused && !refusing) text += "+list\n";
        refusing = refusing || instruction.refused;
        if (instruction.kind == Instruction::Kind::program) text += '|';
        if (instruction.kind == Instruction::Kind::forward) text += '&';
        text += instruction.argument + '\n';
    }
    return text;
}

void names(std::string_view dash, std::string_view extension)
{
    const auto candidates = dot_qmail_names(dash, extension);
    require(!candidates.empty() && candidates.size() <= extension.size() + 2);
    for (const auto& candidate : candidates) {
        require(candidate.name.starts_with(".qmail"));
        require(std::string_view(candidate.name).substr(6).find_first_of("/.") ==
                std::string::npos);
        if (candidate.rest)
            require(extension.ends_with(*candidate.rest) && candidate.name.ends_with("default"));
    }
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    for (const bool forward_only : {false, true}) {
        const auto parsed = parse_dot_qmail(bytes, forward_only);
        if (!parsed) continue;
        const auto again = parse_dot_qmail(written(*parsed), forward_only);
        require(again.has_value() && *again == *parsed);
    }
    if (size < 2000) names("-", bytes);
    return 0;
}
