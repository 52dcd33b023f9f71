// qmail-getpw and qmail-newu before everything that was recorded of the original in users.txt.
#include "base/sys/file.hpp"
#include "compat/accounts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace grapnel::test {

namespace {

namespace fs = std::filesystem;

std::size_t number_at(std::string_view bytes, std::size_t offset)
{
    std::size_t number = 0;
    for (std::size_t i = 4; i-- > 0;)
        number = number * 256 + static_cast<unsigned char>(bytes.at(offset + i));
    return number;
}

// Keys and data of a constant database in the order of the file: they lie between its header and
// the first table.
std::vector<std::pair<std::string, std::string>> records_of(std::string_view cdb)
{
    constexpr std::size_t header = 2048;
    std::vector<std::pair<std::string, std::string>> records;
    for (std::size_t at = header; at < number_at(cdb, 0);) {
        const auto key = number_at(cdb, at), data = number_at(cdb, at + 4);
        records.emplace_back(cdb.substr(at + 8, key), cdb.substr(at + 8 + key, data));
        at += 8 + key + data;
    }
    return records;
}

class UsersReplay {
public:
    UsersReplay(Production& production, const Recorded& block)
        : production_(production), block_(block), known_(make_accounts(production, block))
    {
    }

    void compare()
    {
        for (const auto& entry : fs::directory_iterator(production_ / "users"))
            fs::remove_all(entry.path());
        if (block_.has("assign"))
            spill(production_ / "users/assign", expand(block_.value("assign"), known_));
        for (const auto& [name, bytes] : block_.pairs("file"))
            spill(production_ / ("users/" + name), expand(bytes, known_));
        const bool unchanged = block_.value("cdb") == "unchanged";
        if (unchanged) spill(production_ / "users/cdb", "old");

        Launch launch{.argv = {block_.value("program")}};
        for (const auto& argument : block_.all("arg"))
            launch.argv.push_back(expand(argument, known_));
        const Finished finished =
            run(production_.inside(std::move(launch)), expand(block_.value("stdin"), known_));
        EXPECT_EQ(finished.ending.code, block_.number("exit"));
        EXPECT_EQ(visible(finished.output), visible(expand(block_.value("stdout"), known_)));
        EXPECT_EQ(visible(finished.errors), visible(expand(block_.value("stderr"), known_)));
        EXPECT_EQ(fs::exists(production_ / "users/cdb.tmp"), block_.value("tmp") == "stays");
        if (unchanged)
            EXPECT_EQ(slurp(production_ / "users/cdb"), "old");
        else
            compare_table();
    }

private:
    void compare_table()
    {
        const std::string table = slurp(production_ / "users/cdb");
        std::vector<std::pair<std::string, std::string>> recorded;
        const auto keys = block_.all("key"), data = block_.all("data");
        for (std::size_t i = 0; i < keys.size(); ++i)
            recorded.emplace_back(expand(keys[i], known_), expand(data.at(i), known_));
        ASSERT_EQ(table.empty(), recorded.empty());
        if (table.empty()) return;
        EXPECT_EQ(records_of(table), recorded);
        EXPECT_EQ(table.size(), static_cast<std::size_t>(block_.number("cdb-size")));
        EXPECT_EQ(mode_of(production_ / "users/cdb"), block_.value("cdb-mode"));
        EXPECT_EQ(table, block_.value("cdb", table));
    }

    static std::string mode_of(const std::string& path)
    {
        const auto mode = static_cast<unsigned>(fs::status(path).permissions());
        const auto digit = [mode](unsigned shift) {
            return static_cast<char>('0' + ((mode >> shift) & 7u));
        };
        return {'0', digit(6), digit(3), digit(0)};
    }

    Production& production_;
    const Recorded& block_;
    Known known_;
};

}

TEST(UsersCompat, EveryRecordedAddressAndTableComesOutAlike)
{
    if (const auto why = Production::unavailable()) GTEST_SKIP() << *why;
    std::vector<std::string> programs;
    for (const auto* name : {"qmail-getpw", "qmail-newu", "qmail-pw2u"})
        if (TempHome::built(name)) programs.emplace_back(name);
    Production production(programs);
    for (const auto& block : read_recorded("users.txt")) {
        if (std::find(programs.begin(), programs.end(), block.value("program")) == programs.end())
            continue;
        SCOPED_TRACE(block.name());
        UsersReplay(production, block).compare();
    }
}

}
