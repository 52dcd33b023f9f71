#include "local/answers.hpp"

#include <gtest/gtest.h>

namespace grapnel::local {

namespace {

Answer answer(const std::string& local, Instant asked = 5000, std::uint64_t edition = 0)
{
    return {edition, asked, local, {"joe", 1001, 1002, "/home/joe", "-", local}};
}

}

TEST(Answers, ComeBackAsTheyWereTold)
{
    const auto one = answer("joe-x", 12345, 7);
    EXPECT_EQ(decode_answer(encode(one)).value(), one);
}

TEST(Answers, CutShortAreNone)
{
    const auto whole = encode(answer("joe-x"));
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_FALSE(decode_answer(std::string_view(whole).substr(0, length))) << length;
}

TEST(Answers, CountForASecond)
{
    Answers answers;
    answers.keep(encode(answer("joe-x", 5000)));
    EXPECT_EQ(answers.find("joe-x", 5000), answer("joe-x").user);
    EXPECT_EQ(answers.find("joe-x", 5999), answer("joe-x").user);
    EXPECT_EQ(answers.find("joe-x", 6000), std::nullopt);
    EXPECT_EQ(answers.find("joe-x", 4999), std::nullopt);   // of a clock that is not ours
}

TEST(Answers, AreForWhatWasAskedAndNothingElse)
{
    Answers answers;
    answers.keep(encode(answer("joe-x")));
    for (const auto* other : {"joe", "joe-X", "JOE-x", "joe-xx", ""})
        EXPECT_EQ(answers.find(other, 5000), std::nullopt) << other;
}

TEST(Answers, OfAnotherEditionAreDropped)
{
    Answers answers;
    answers.keep(encode(answer("before")));
    answers.begin_edition();
    answers.keep(encode(answer("late", 5000, 0)));   // its child was forked before the change
    answers.keep(encode(answer("new", 5000, 1)));
    EXPECT_EQ(answers.find("before", 5000), std::nullopt);
    EXPECT_EQ(answers.find("late", 5000), std::nullopt);
    EXPECT_NE(answers.find("new", 5000), std::nullopt);
}

TEST(Answers, TakeBoundedRoom)
{
    Answers answers;
    for (std::size_t i = 0; i < 10 * Answers::most; ++i) {
        answers.keep(encode(answer("joe-" + std::to_string(i))));
        ASSERT_LE(answers.size(), Answers::most);
    }
    answers.keep(encode(answer(std::string(Answers::longest, 'x'))));
    EXPECT_EQ(answers.find(std::string(Answers::longest, 'x'), 5000), std::nullopt);
}

TEST(Answers, ThatAreOldMakeRoomFirst)
{
    Answers answers;
    answers.keep(encode(answer("fresh", 9500)));
    for (std::size_t i = 1; i < Answers::most; ++i)
        answers.keep(encode(answer("joe-" + std::to_string(i), 5000)));
    answers.keep(encode(answer("last", 9600)));
    EXPECT_EQ(answers.size(), 2u);
    EXPECT_NE(answers.find("fresh", 9700), std::nullopt);
}

}
