#include "hooks/server/status_report.hpp"

#include "hooks/values/utc_date.hpp"

#include <algorithm>

namespace grapnel::hooks {

namespace json = boost::json;

namespace {

json::string text(std::string_view words) { return json::string(words.data(), words.size()); }

json::object describe(Stage stage, const StageMetrics& metrics)
{
    json::object endings;
    for (std::size_t n = 0; n < call_ending_count; ++n)
        endings[std::string(name(static_cast<CallEnding>(n)))] = metrics.endings[n];
    const auto calls = metrics.calls();
    json::array latency;
    for (const auto count : metrics.latency) latency.push_back(count);
    return {{"stage", text(name(stage))},
            {"calls", calls},
            {"endings", std::move(endings)},
            {"edits-done", metrics.edits_done},
            {"edits-failed", metrics.edits_failed},
            {"average-ms",
             metrics.total.count() / std::max<std::int64_t>(1, static_cast<std::int64_t>(calls))},
            {"longest-ms", metrics.longest.count()},
            {"latency", std::move(latency)}};
}

}

json::object describe(const ScannerSettings& settings, const std::vector<std::string>& errors)
{
    json::array complaints;
    for (const auto& error : errors) complaints.push_back(text(error));
    return {{"name", text(settings.name)},
            {"url", text(settings.url.empty() ? settings.register_url : settings.url)},
            {"errors", std::move(complaints)}};
}

json::object describe(const ScannerState& state)
{
    json::object result{{"state", text(state.registration)},
                        {"id", text(state.registration_id)},
                        {"expires", nullptr},
                        {"trouble", text(state.trouble)},
                        {"breaker", text(state.breaker)},
                        {"in-flight", state.in_flight},
                        {"waiting", state.waiting}};
    if (state.expires_at) result["expires"] = text(utc_date(*state.expires_at));
    return result;
}

json::array describe(const Metrics& metrics, const ScannerSettings& settings)
{
    json::array result;
    const auto found = metrics.all().find(settings.name);
    for (const Stage stage : all_stages) {
        if (!settings.stages.has(stage)) continue;
        const auto n = static_cast<std::size_t>(stage);
        result.push_back(
            describe(stage, found == metrics.all().end() ? StageMetrics() : found->second[n]));
    }
    return result;
}

}
