#include "queue/queued_wire.hpp"

#include <gtest/gtest.h>

using namespace grapnel::queue;
using namespace std::string_literals;
using Kind = FrameHead::Kind;

TEST(QueuedWire, FramesHaveTheDocumentedBytes)
{
    std::string wire;
    append_frames(wire, Kind::message, "hi\n");
    append_frames(wire, Kind::envelope, "Fa\0Tb\0\0"s);
    append_frames(wire, Kind::envelope, "");
    wire += encode(FrameHead{Kind::commit, 0});
    EXPECT_EQ(wire, "M\0\0\0\3hi\nE\0\0\0\7Fa\0Tb\0\0C\0\0\0\0"s);
    EXPECT_EQ(encode(QueuedAnswer{53, 0x01020304, "Zno"}), "A\0\0\0\x8\x35\1\2\3\4Zno"s);
}

TEST(QueuedWire, HeadsAreReadBackAndNothingElseIs)
{
    for (const auto kind : {Kind::message, Kind::envelope, Kind::commit, Kind::answer})
        for (const std::uint32_t length : {0u, 1u, 255u, 256u, 65536u, 131072u}) {
            const auto bytes = encode(FrameHead{kind, length});
            ASSERT_EQ(bytes.size(), FrameHead::size);
            const auto head = decode_frame_head(bytes);
            ASSERT_TRUE(head);
            EXPECT_EQ(head->kind, kind);
            EXPECT_EQ(head->length, length);
        }
    EXPECT_FALSE(decode_frame_head("M\0\2\0\1"s));
    EXPECT_FALSE(decode_frame_head("M\xff\xff\xff\xff"s));
    EXPECT_FALSE(decode_frame_head("X\0\0\0\1"s));
    EXPECT_FALSE(decode_frame_head("\0\0\0\0\1"s));
}

TEST(QueuedWire, AHeadCutShortIsNone)
{
    const auto bytes = encode(FrameHead{Kind::message, 258});
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(decode_frame_head(std::string_view(bytes).substr(0, size))) << size;
}

TEST(QueuedWire, LongTextsAreSeveralFrames)
{
    const std::string text(longest_frame * 2 + 10, 'x');
    std::string wire, joined;
    append_frames(wire, Kind::message, text);
    std::vector<std::uint32_t> lengths;
    for (std::string_view rest = wire; !rest.empty();) {
        const auto head = decode_frame_head(rest);
        ASSERT_TRUE(head);
        lengths.push_back(head->length);
        joined += rest.substr(FrameHead::size, head->length);
        rest.remove_prefix(FrameHead::size + head->length);
    }
    EXPECT_EQ(joined, text);
    EXPECT_EQ(lengths, (std::vector<std::uint32_t>{longest_frame, longest_frame, 10}));
}

TEST(QueuedWire, AnswersAreReadBackWhateverTheirText)
{
    for (const int code : {0, 11, 53, 91, 120, 255})
        for (const auto& text : {""s, "Zno room"s, "D\0\n"s, std::string(255, 'x')}) {
            const auto bytes = encode(QueuedAnswer{code, 4194304, text});
            const auto head = decode_frame_head(bytes);
            ASSERT_TRUE(head);
            ASSERT_EQ(bytes.size(), FrameHead::size + head->length);
            const auto answer = decode_answer(std::string_view(bytes).substr(FrameHead::size));
            ASSERT_TRUE(answer);
            EXPECT_EQ(answer->exit_code, code);
            EXPECT_EQ(answer->process, 4194304);
            EXPECT_EQ(answer->text, text);
        }
    const auto payload = encode(QueuedAnswer{53, 7, "Z"}).substr(FrameHead::size);
    for (std::size_t size = 0; size < 5; ++size)
        EXPECT_FALSE(decode_answer(std::string_view(payload).substr(0, size))) << size;
}
