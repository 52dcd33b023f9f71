#include "base/sys/environment.hpp"
#include "base/sys/log.hpp"
#include "base/text.hpp"
#include "send/setting_check.hpp"
#include "send/settings_survey.hpp"

namespace grapnel::send {

namespace {

// Only printable ASCII comes here; the rest became "?".
std::string quote(std::string_view text)
{
    std::string result = "\"";
    for (const char c : printable(text, text.size())) {
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result + '"';
}

std::string array_of(const std::vector<std::string>& items)
{
    return items.empty() ? "[]" : "[\n    " + join(items, ",\n    ") + "\n  ]";
}

std::string_view name_of(SettingKind kind)
{
    switch (kind) {
    case SettingKind::line:
        return "line";
    case SettingKind::integer:
        return "integer";
    case SettingKind::list:
        return "list";
    case SettingKind::cdb:
        return "cdb";
    case SettingKind::file:
        break;
    }
    return "file";
}

std::string_view name_of(SurveyedSetting::Origin origin)
{
    switch (origin) {
    case SurveyedSetting::Origin::by_default:
        return "default";
    case SurveyedSetting::Origin::me:
        return "me";
    case SurveyedSetting::Origin::file:
        return "file";
    case SurveyedSetting::Origin::unreadable:
        break;
    }
    return "unreadable";
}

// A number, a string, a list of strings; null where nothing is to be shown, or nothing counts.
std::string value_of(const SurveyedSetting& found, const std::string& me)
{
    const auto& setting = *found.setting;
    const bool is_list = setting.kind == SettingKind::list;
    std::vector<std::string> values;
    if (found.origin == SurveyedSetting::Origin::me)
        values = {me};
    else if (found.origin == SurveyedSetting::Origin::file)
        values = effective_values(setting, found.text);
    else if (found.origin == SurveyedSetting::Origin::by_default && setting.fallback != "none")
        values = {std::string(setting.fallback)};
    if (found.origin == SurveyedSetting::Origin::file && is_list) {
        for (auto& value : values) value = quote(value);
        return '[' + join(values, ", ") + ']';
    }
    if (values.empty()) return "null";
    const bool number = setting.kind == SettingKind::integer && parse_number(values.front());
    return number ? values.front() : quote(values.front());
}

std::string object_of(const SurveyedSetting& found, const std::string& me)
{
    const auto& setting = *found.setting;
    return "{\"name\": " + quote(setting.name) + ", \"kind\": " + quote(name_of(setting.kind)) +
           ", \"origin\": " + quote(name_of(found.origin)) + ", \"value\": " + value_of(found, me) +
           ", \"default\": " + quote(setting.fallback) +
           ", \"readers\": " + quote(setting.readers) + ", \"meaning\": " + quote(setting.meaning) +
           '}';
}

std::string object_of(const Problem& problem)
{
    return "{\"file\": " + quote(problem.file) +
           (problem.line > 0 ? ", \"line\": " + std::to_string(problem.line) : "") +
           ", \"text\": " + quote(problem.text) + '}';
}

}

std::string json_of(const Survey& survey)
{
    std::vector<std::string> all, problems, notes, foreign, unknown;
    for (const auto& found : survey.settings) all.push_back(object_of(found, survey.me));
    for (const auto& problem : survey.problems) problems.push_back(object_of(problem));
    for (const auto& note : survey.notes) notes.push_back(quote(note));
    for (const auto* file : survey.foreign)
        foreign.push_back("{\"name\": " + quote(file->name) +
                          ", \"meaning\": " + quote(file->meaning) + '}');
    for (const auto& name : survey.unknown) unknown.push_back(quote(name));
    return "{\n  \"home\": " + quote(home()) + ",\n  \"settings\": " + array_of(all) +
           ",\n  \"problems\": " + array_of(problems) + ",\n  \"notes\": " + array_of(notes) +
           ",\n  \"foreign\": " + array_of(foreign) + ",\n  \"unknown\": " + array_of(unknown) +
           "\n}\n";
}

}
