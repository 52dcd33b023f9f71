#include "hooks/server/capture.hpp"

#include "support/temp_home.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace grapnel::hooks {

namespace {

Capture one(std::int64_t when)
{
    Capture capture;
    capture.facts.stage = Stage::data;
    capture.facts.timestamp = when;
    capture.facts.queue = QueueFacts{"id", {}, 0};
    capture.with_message = true;
    capture.message = std::string("a\0\xff", 3);
    capture.call.stage = Stage::data;
    capture.call.request = R"({"stage":"data"})";
    capture.call.outcome.answer = "no JSON";
    capture.call.outcome.request_id = "r";
    return capture;
}

}

TEST(Capture, ComesBackAsItWas)
{
    const auto again = decode_capture(encode(one(5)));
    ASSERT_TRUE(again) << again.error().text;
    EXPECT_EQ(again->facts, one(5).facts);
    EXPECT_EQ(again->message, one(5).message);
    EXPECT_EQ(again->call.request, one(5).call.request);
    EXPECT_EQ(again->call.outcome.answer, "no JSON");
}

TEST(Capture, CutShortIsNone)
{
    const auto whole = encode(one(5));
    for (std::size_t length = 0; length + 1 < whole.size(); ++length)
        EXPECT_FALSE(decode_capture(std::string_view(whole).substr(0, length)));
}

TEST(Capture, AMessageIsThereExactlyWhereTheCallHadOne)
{
    auto without = one(5);
    without.with_message = false;
    const auto text = encode(without);
    EXPECT_TRUE(decode_capture(text));
    const auto added = text.substr(0, text.rfind('}')) + R"(,"message":"YQ=="})";
    EXPECT_FALSE(decode_capture(added));
    auto whole = encode(one(5));
    const auto at = whole.rfind(R"("message")");
    ASSERT_NE(at, whole.npos);
    EXPECT_FALSE(decode_capture(whole.replace(at, 9, R"("another")")));
}

TEST(Capture, TheLatestHundredAreKeptForTheOwnerAlone)
{
    const test::TempDirectory directory;
    const auto place = directory / "x";
    for (int n = 0; n < 103; ++n) keep(place, one(1000 * n));
    const auto names = captures(place);
    ASSERT_EQ(names.size(), 100u);
    EXPECT_EQ(names.front().substr(0, 20), "1970-01-01T00:00:03.");
    EXPECT_TRUE(read_capture(place + '/' + names.back()));
    struct stat about {};
    ASSERT_EQ(::stat((place + '/' + names.front()).c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600u);
    EXPECT_FALSE(read_capture(place + "/none"));
}

}
