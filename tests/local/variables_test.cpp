#include "local/variables.hpp"

#include <gtest/gtest.h>

namespace grapnel::local {

namespace {

Options options(std::string local, std::string domain, std::string extension, std::string sender)
{
    return {.user = "joe",
            .home = "/home/joe",
            .local = std::move(local),
            .dash = "-",
            .extension = std::move(extension),
            .domain = std::move(domain),
            .sender = std::move(sender),
            .fallback = {}};
}

Environment variables(const Options& of)
{
    Environment environment;
    set_variables(environment, of, trace_lines(of, 0));
    return environment;
}

}

TEST(Variables, HostAndExtensionComeInFourShorterForms)
{
    const auto environment = variables(options("joe-A-b-c-d", "a.b.c.d.e", "A-b-c-d", "s@x"));
    const std::pair<const char*, const char*> table[] = {
        {"HOST", "a.b.c.d.e"},    {"HOST2", "a.b.c.d"},
        {"HOST3", "a.b.c"},       {"HOST4", "a.b"},
        {"EXT", "A-b-c-d"},       {"EXT2", "b-c-d"},
        {"EXT3", "c-d"},          {"EXT4", "d"},
        {"LOCAL", "joe-A-b-c-d"}, {"RECIPIENT", "joe-A-b-c-d@a.b.c.d.e"},
        {"USER", "joe"},          {"HOME", "/home/joe"}};
    for (const auto& [name, value] : table) EXPECT_EQ(environment.get(name), value) << name;
}

TEST(Variables, WithoutDotsAndDashesHostStaysAndExtensionEnds)
{
    const auto environment = variables(options("joe", "localhost", "x", ""));
    EXPECT_EQ(environment.get("HOST4"), "localhost");
    EXPECT_EQ(environment.get("EXT2"), "");
    EXPECT_EQ(environment.get("SENDER"), "");
}

TEST(Variables, AddressesCannotBreakTheLinesTheyStandIn)
{
    const auto lines = trace_lines(options("j\noe", "h\nost", "", "a b\tc\nd@x"), 0);
    EXPECT_EQ(lines.delivered_to, "Delivered-To: j_oe@h_ost\n");
    EXPECT_EQ(lines.return_path, "Return-Path: <\"a b\tc\\_d\"@x>\n");
    EXPECT_EQ(lines.from, "From a-b-c-d@x Thu Jan 01 00:00:00 1970\n");
    EXPECT_EQ(trace_lines(options("j", "h", "", ""), 0).from,
              "From MAILER-DAEMON Thu Jan 01 00:00:00 1970\n");
    EXPECT_EQ(trace_lines(options("j", "h", "", ""), 0).return_path, "Return-Path: <>\n");
}

}
