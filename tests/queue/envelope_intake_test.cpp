#include "queue/envelope_intake.hpp"

#include "base/sys/program.hpp"
#include "queue/records.hpp"
#include "support/temp_home.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <filesystem>

using namespace grapnel;
using namespace grapnel::queue;
using namespace std::string_literals;

namespace {

// What todo holds after the envelope came in pieces of that size, or the exit code.
std::string taken(const std::string& bytes, std::size_t piece = 1000000)
{
    const test::TempDirectory directory;
    const auto path = directory / "todo";
    const Fd todo = open_file(path, O_WRONLY | O_CREAT, 0600);
    EnvelopeIntake intake(todo.get(), 7, 8, directory / "scratch");
    try {
        for (std::size_t at = 0; at < bytes.size() && !intake.complete(); at += piece)
            intake.feed(std::string_view(bytes).substr(at, piece));
        intake.finish();
    } catch (const Stop& stop) {
        return std::to_string(stop.exit_code);
    }
    EXPECT_FALSE(std::filesystem::exists(directory / "scratch"));
    return read_file(path, 1 << 28);
}

Envelope many(std::size_t recipients)
{
    Envelope envelope{"sender@example", {}};
    for (std::size_t i = 0; i < recipients; ++i)
        envelope.recipients.push_back("recipient-" + std::to_string(i) + "@a.long.domain.example");
    return envelope;
}

}

TEST(EnvelopeIntake, WritesQmailsBytes)
{
    EXPECT_EQ(taken("Fa@b\0Tc@d\0\0"s), "u7\0p8\0Fa@b\0Tc@d\0"s);
    EXPECT_EQ(taken("F\0\0"s), "u7\0p8\0F\0"s);
}

TEST(EnvelopeIntake, PutsExtensionsWhereTheyBelong)
{
    const auto wire = "Fa@b\0Tc@d\0Te@f\0\0id=1\0ret=HDRS\0"s + "1:notify=DELAY\0"s;
    const auto todo = "u7\0p8\0p8 id=1 ret=HDRS\0Fa@b\0Tc@d\0Te@f\0p8 notify=DELAY\0"s;
    for (std::size_t piece = 1; piece <= wire.size(); ++piece) EXPECT_EQ(taken(wire, piece), todo);
    EXPECT_EQ(taken(wire + "\0whatever"s), todo);
}

TEST(EnvelopeIntake, IsNeverMoreThanQmailSendCanTake)
{
    std::string envelope = "Fa@b\0"s;
    for (std::size_t i = 0; i < most_recipients; ++i) envelope += "Ta\0"s;
    EXPECT_TRUE(taken(envelope + '\0', 65536).ends_with("Ta\0"s));
    EXPECT_EQ(taken(envelope + "Ta\0\0"s, 65536), "31");

    const auto wide = 'T' + std::string(1000, 'a') + '\0';
    envelope = "Fa@b\0"s;
    while (envelope.size() + 1 <= longest_envelope) envelope += wide;
    EXPECT_EQ(taken(envelope + '\0', 65536), "31");
}

TEST(EnvelopeIntake, AThousandTimesTheMemoryItKeeps)
{
    auto envelope = many(50000);
    for (std::size_t i = 0; i < envelope.recipients.size(); i += 7)
        envelope.extensions.recipients[i].set("orcpt", "rfc822;" + envelope.recipients[i]);
    envelope.extensions.message.set("ret", "FULL");
    const auto todo = decode_todo(taken(encode(envelope), 65536));
    ASSERT_TRUE(todo);
    EXPECT_EQ(todo->recipients, envelope.recipients);
    EXPECT_EQ(todo->extensions, envelope.extensions);
    EXPECT_EQ(decode_todo(taken(encode(many(5000))))->recipients, many(5000).recipients);
}

TEST(EnvelopeIntake, CutShortIs54)
{
    const auto wire = "Fa@b\0Tc@d\0\0id=1\0"s + "0:notify=DELAY\0"s;
    const std::size_t end = "Fa@b\0Tc@d\0\0"s.size();
    for (std::size_t length = 0; length < wire.size(); ++length) {
        const bool whole = length >= end && wire[length - 1] == '\0';
        EXPECT_EQ(taken(wire.substr(0, length)) == "54", !whole) << length;
    }
}

TEST(EnvelopeIntake, MalformedIs91AndTooLongIs11)
{
    for (const auto& bad : {"Ta\0\0"s, "Fa\0Xb\0\0"s, "\0"s, "Fa\0\0bad\0"s, "Fa\0\0X=1\0"s,
                            "Fa\0\0"s + "0:a=1\0"s, "Fa\0Tb\0\0"s + "0:a=1\0b=1\0"s})
        EXPECT_EQ(taken(bad), "91") << bad;
    EXPECT_EQ(taken("F" + std::string(1003, 'x') + "\0\0"s), "11");
    EXPECT_EQ(taken("F\0T"s + std::string(1003, 'x')), "11");
    EXPECT_NE(taken("F\0T"s + std::string(1002, 'x') + "\0\0"s), "11");
}

TEST(EnvelopeIntake, ShowsTheMessageLevelWhenFinished)
{
    const test::TempDirectory directory;
    const Fd todo = open_file(directory / "todo", O_WRONLY | O_CREAT, 0600);
    EnvelopeIntake intake(todo.get(), 7, 8, directory / "scratch");
    intake.feed("Fa\0Tb\0"s);
    EXPECT_FALSE(intake.addresses_complete());
    intake.feed("\0"s);
    EXPECT_TRUE(intake.addresses_complete());
    EXPECT_FALSE(intake.block_begun());
    intake.feed("held=scan/why\0"s);
    EXPECT_TRUE(intake.block_begun());
    EXPECT_FALSE(intake.complete());
    intake.feed("\0"s);
    EXPECT_TRUE(intake.complete());
    intake.finish();
    EXPECT_EQ(*intake.message_extensions().find("held"), "scan/why");
}
