#include "queue/exit_code.hpp"

#include "queue/trouble.hpp"

#include <gtest/gtest.h>

#include <cerrno>

using namespace grapnel;
using namespace grapnel::queue;

namespace {

std::string told(int code, std::string_view custom = {})
{
    const auto result = explain({.code = code}, custom);
    if (result) return "";
    return (result.error().retry == Retry::never ? 'D' : 'Z') + result.error().text;
}

}

TEST(ExitCode, IsToldInQmailsWords)
{
    EXPECT_EQ(told(0), "");
    EXPECT_EQ(told(11), "Denvelope address too long for qq (#5.1.3)");
    EXPECT_EQ(told(115), told(11));
    EXPECT_EQ(told(12), "Dqq permanent problem (#5.3.0)");
    EXPECT_EQ(told(31), "Dmail server permanently rejected message (#5.3.0)");
    EXPECT_EQ(told(41), "Zqq temporary problem (#4.3.0)");
    EXPECT_EQ(told(53), "Zqq write error or disk full (#4.3.0)");
    EXPECT_EQ(told(66), "Zqq trouble creating files in queue (#4.3.0)");
    EXPECT_EQ(told(72), "Zconnection to mail server timed out (#4.4.1)");
    EXPECT_EQ(told(91), "Zqq internal bug (#4.3.0)");
    EXPECT_EQ(told(120), "Zunable to exec qq (#4.3.0)");
    const auto crash = explain({.crashed = true, .code = 9}, "Dno");
    EXPECT_EQ(crash.error().text, "qq crashed (#4.3.0)");
}

TEST(ExitCode, CustomTextCountsWhereItAgrees)
{
    EXPECT_EQ(told(82, "Dspam (#5.7.1)\n"), "Dspam (#5.7.1)");
    EXPECT_EQ(told(88, "Zbusy"), "Zbusy");
    EXPECT_EQ(told(82, "Dx"), "Zqq temporary problem (#4.3.0)");
    EXPECT_EQ(told(82, "what"), "Zqq temporary problem (#4.3.0)");
    EXPECT_EQ(told(53, "Zdisk full (#4.3.1)"), "Zdisk full (#4.3.1)");
    EXPECT_EQ(told(53, "Dnever"), "Zqq write error or disk full (#4.3.0)");
    EXPECT_EQ(told(82, 'D' + std::string(400, 'x')).size(), 255u);
}

TEST(Trouble, BecomesOneLineOfItsClass)
{
    const auto line = [](int code, int error) {
        try {
            stop(code, error);
        } catch (const Stop& stop) {
            EXPECT_EQ(stop.exit_code, code);
            return response_line(stop);
        }
    };
    EXPECT_EQ(line(53, ENOSPC), "Zthe queue has no disk space left (#4.3.1)");
    EXPECT_EQ(line(64, EACCES), "Zunable to make a file in the queue: access denied (#4.3.0)");
    EXPECT_EQ(line(11, 0), "Denvelope address is longer than 1002 bytes (#5.1.3)");
    EXPECT_EQ(response_line({54, std::string(999, 'x') + '\n'}).size(), 255u);
    EXPECT_EQ(response_line({54, "a\nb"}), "Za?b");
}

TEST(Trouble, IsMadeOfSystemErrorsOnly)
{
    EXPECT_EQ(attempt(53, [] { return 7; }), 7);
    EXPECT_THROW(attempt(53, [] { throw std::system_error(EIO, std::generic_category()); }), Stop);
    EXPECT_THROW(attempt(53, [] { throw std::bad_alloc(); }), std::bad_alloc);
}
