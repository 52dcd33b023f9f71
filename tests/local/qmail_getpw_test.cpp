// qmail-getpw, and with it what every program takes for a sandbox.
#include "base/text.hpp"
#include "support/process.hpp"
#include "support/temp_home.hpp"

#include "build_config.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

namespace grapnel::test {
namespace {

const std::string address = "no-such-user-here-at-all";

// From 0: NAME UID GID HOME DASH EXTENSION.
std::string field(const Finished& done, std::size_t number)
{
    const auto fields = split(done.output, '\0');
    return number < fields.size() ? std::string(fields[number]) : "";
}

TEST(QmailGetpw, InASandboxAliasIsWhoeverRunsIt)
{
    const TempHome home;
    const auto done =
        run({.argv = {home.program("qmail-getpw"), address}, .environment = home.environment()});
    EXPECT_EQ(field(done, 0), "alias");
    EXPECT_EQ(field(done, 1), std::to_string(::geteuid()));
    EXPECT_EQ(field(done, 3), home / "alias");
}

// Else who merely says where the mail system is would have root's daemons deliver as root.
TEST(QmailGetpw, TheHomeThatWasBuiltInIsNoSandbox)
{
    const TempHome home;
    const auto done = run({.argv = {home.program("qmail-getpw"), address},
                           .environment = {"QMAILHOME=" + std::string(build::home)}});
    EXPECT_NE(field(done, 1), "0") << done.output;
    EXPECT_NE(field(done, 1), std::to_string(::geteuid())) << done.output;
}

}
}
