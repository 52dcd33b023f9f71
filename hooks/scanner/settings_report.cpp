#include "hooks/scanner/settings_report.hpp"

#include "base/sys/log.hpp"
#include "hooks/scanner/scanner_settings.hpp"
#include "hooks/subscriptions.hpp"

#include <system_error>

namespace grapnel::hooks {

namespace {

std::string words(const Stages& stages)
{
    std::string text;
    for (const Stage stage : all_stages)
        if (stages.has(stage)) text += ' ' + std::string(name(stage));
    return text.empty() ? " none" : text;
}

std::string describe(const ReadScanner& scanner)
{
    const auto& settings = scanner.settings;
    const auto& url = settings.url.empty() ? settings.register_url : settings.url;
    std::string text = "hooks/" + printable(settings.name) + ": " +
                       (url.empty() ? "no url" : printable(url)) +
                       ". Stages:" + words(settings.stages) +
                       ". Without a verdict: " + std::string(name(settings.on_failure)) +
                       ", outbound " + std::string(name(settings.on_failure_outbound)) + ".\n";
    for (const auto& error : scanner.errors) text += "Warning: " + printable(error) + '\n';
    if (!scanner.errors.empty()) text += "Warning: it is left out, and counts as failed.\n";
    return text;
}

}

std::string settings_report(const std::string& control)
{
    try {
        if (scanner_names(control).empty()) return {};
    } catch (const std::system_error& error) {
        return std::string("Warning: ") + error.what() + ": a scanner counts as failed.\n";
    }
    std::string text;
    for (const auto& scanner : read_scanners(control, false)) text += describe(scanner);
    return text;
}

}
