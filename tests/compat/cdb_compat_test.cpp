// users/cdb and control/morercpthosts.cdb, byte for byte: tests/compat/cdb.txt.
#include "support/process.hpp"
#include "support/recorded.hpp"
#include "support/temp_home.hpp"

#include <gtest/gtest.h>

namespace grapnel::test {
namespace {

std::string sha256_of(const std::string& path)
{
    const auto sum = run({.argv = {"sha256sum", path}});
    return sum.output.substr(0, sum.output.find(' '));
}

std::string make(const TempHome& home, const std::string& program)
{
    const auto made = run({.argv = {home.program(program)}, .environment = home.environment()});
    EXPECT_EQ(made.ending.code, 0) << made.errors;
    return home / (program == "qmail-newu" ? "users/cdb" : "control/morercpthosts.cdb");
}

TEST(CdbCompat, EveryRecordedTableIsMadeByteForByte)
{
    for (const auto& block : read_recorded("cdb.txt")) {
        SCOPED_TRACE(block.name());
        const TempHome home;
        const bool users = block.has("assign");
        home.write(users ? "users/assign" : "control/morercpthosts",
                   block.value(users ? "assign" : "morercpthosts"));
        EXPECT_EQ(sha256_of(make(home, users ? "qmail-newu" : "qmail-newmrh")),
                  block.value("sha256"));
    }
}

}
}
