#include "programs/messages.hpp"

#include "support/smtp_client.hpp"
#include "support/temp_home.hpp"

#include <algorithm>
#include <filesystem>

namespace grapnel::test {

std::vector<Sample> sample_messages()
{
    std::vector<Sample> samples;
    for (const std::string directory : {SOURCE_DIRECTORY "/tests/programs/messages", CORPUS}) {
        std::error_code none;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, none))
            if (entry.path().extension() == ".eml")
                samples.push_back(
                    {std::filesystem::relative(entry.path(), directory), slurp(entry.path())});
    }
    std::string large = "Subject: large\n\n";
    for (int i = 0; i < 6000; ++i)
        large += std::to_string(i) + " the quick brown fox jumps over the lazy dog\n";
    samples.push_back({"large", large});
    std::sort(samples.begin(), samples.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return samples;
}

std::string wire_form(const Sample& sample)
{
    std::string wire;
    bool line_starts = true;
    const bool local = sample.bytes.find('\r') == std::string::npos;
    for (const char c : sample.bytes) {
        if (line_starts && c == '.') wire += '.';
        if (local && c == '\n') wire += '\r';
        wire += c;
        line_starts = c == '\n' && wire.size() > 1 && wire[wire.size() - 2] == '\r';
    }
    return line_starts ? wire : wire + "\r\n";
}

std::string fate(const std::string& wire)
{
    for (std::size_t i = 0; i < wire.size(); ++i) {
        if (wire[i] == '\n' && (i == 0 || wire[i - 1] != '\r')) return "550 5.6.0";
        if (wire[i] == '\r' && wire.substr(i + 1, 1) != "\n") return "550 5.6.0";
    }
    const auto header = wire.starts_with("\r\n") ? 0 : wire.find("\r\n\r\n");
    return wire.substr(0, header).find('\0') == std::string::npos ? "250" : "554 5.6.0";
}

}
