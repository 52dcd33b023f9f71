// The table of settings, the page that describes it and the programs that read it say the same.
#include "base/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace grapnel {
namespace {

const std::filesystem::path root = GRAPNEL_SOURCE;

std::string text_of(const std::filesystem::path& path)
{
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string kind_of(const Setting& setting)
{
    switch (setting.kind) {
    case SettingKind::line:
        return "line";
    case SettingKind::integer:
        return "integer";
    case SettingKind::list:
        return "list";
    case SettingKind::cdb:
        return "cdb";
    case SettingKind::file:
        return "file";
    }
    return "";
}

std::string program_sources()
{
    std::string text;
    for (const auto* folder :
         {"smtpd", "send", "remote", "local", "inject", "queue", "base", "hooks"})
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder))
            if (entry.path().extension() == ".cpp") text += text_of(entry.path());
    return text;
}

TEST(Settings, AreSortedBehindMe)
{
    EXPECT_EQ(settings.front().name, "me");
    EXPECT_TRUE(std::is_sorted(settings.begin() + 1, settings.end(),
                               [](const auto& a, const auto& b) { return a.name < b.name; }));
}

TEST(Settings, OfOthersAreSortedAndNoneOfOurs)
{
    EXPECT_TRUE(std::is_sorted(foreign_settings.begin(), foreign_settings.end(),
                               [](const auto& a, const auto& b) { return a.name < b.name; }));
    for (const auto& foreign : foreign_settings)
        EXPECT_TRUE(std::none_of(settings.begin(), settings.end(), [&](const auto& setting) {
            return setting.name == foreign.name;
        })) << foreign.name;
}

TEST(Settings, StandInTheManual)
{
    const auto page = text_of(root / "man/qmail-control.5");
    for (const auto& setting : settings) {
        const std::string fallback(setting.fallback.empty() ? "none, it must be there"
                                                            : setting.fallback);
        EXPECT_THAT(page, testing::HasSubstr(".It Pa " + std::string(setting.name) + '\n' +
                                             kind_of(setting) + "; default: " + fallback +
                                             "; read by " + std::string(setting.readers) + ".\n" +
                                             std::string(setting.meaning) + ".\n"));
    }
}

TEST(Settings, AreWhatProgramsRead)
{
    const auto sources = program_sources();
    std::set<std::string> known;
    for (const auto& setting : settings) {
        known.emplace(setting.name);
        EXPECT_THAT(sources, testing::HasSubstr('"' + std::string(setting.name) + '"'));
    }
    const std::regex call(R"re(control\.(?:line|list|integer)\("([a-z0-9.]+)")re");
    for (std::sregex_iterator hit(sources.begin(), sources.end(), call), end; hit != end; ++hit)
        EXPECT_TRUE(known.contains((*hit)[1])) << (*hit)[1];
}

}
}
