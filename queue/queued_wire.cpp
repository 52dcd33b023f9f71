#include "queue/queued_wire.hpp"

#include <algorithm>

namespace grapnel::queue {

namespace {

std::string big_endian(std::uint32_t number)
{
    std::string bytes;
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(number >> shift & 255);
    return bytes;
}

std::uint32_t from_big_endian(std::string_view bytes)
{
    std::uint32_t number = 0;
    for (const char byte : bytes.substr(0, 4))
        number = number << 8 | static_cast<unsigned char>(byte);
    return number;
}

}

std::string encode(const FrameHead& head)
{
    return static_cast<char>(head.kind) + big_endian(head.length);
}

std::optional<FrameHead> decode_frame_head(std::string_view bytes)
{
    if (bytes.size() < FrameHead::size) return std::nullopt;
    const FrameHead head{static_cast<FrameHead::Kind>(bytes[0]), from_big_endian(bytes.substr(1))};
    switch (head.kind) {
    case FrameHead::Kind::submitter:
    case FrameHead::Kind::instead:
    case FrameHead::Kind::go_on:
    case FrameHead::Kind::message:
    case FrameHead::Kind::envelope:
    case FrameHead::Kind::commit:
    case FrameHead::Kind::answer:
        if (head.length <= longest_frame) return head;
    }
    return std::nullopt;
}

void put_frame_head(std::string& bytes, const FrameHead& head)
{
    bytes.replace(0, FrameHead::size, encode(head));
}

void append_frames(std::string& wire, FrameHead::Kind kind, std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto piece = bytes.substr(0, longest_frame);
        wire += encode(FrameHead{kind, static_cast<std::uint32_t>(piece.size())});
        wire += piece;
        bytes.remove_prefix(piece.size());
    }
}

std::string encode(const ActsFor& submitter)
{
    return encode(FrameHead{FrameHead::Kind::submitter, 8}) + big_endian(submitter.uid) +
           big_endian(static_cast<std::uint32_t>(submitter.process));
}

std::optional<ActsFor> decode_acts_for(std::string_view payload)
{
    if (payload.size() != 8) return std::nullopt;
    return ActsFor{from_big_endian(payload),
                   static_cast<pid_t>(from_big_endian(payload.substr(4)))};
}

std::string encode(const QueuedAnswer& answer)
{
    const auto text = answer.text.substr(0, 255);
    return encode(FrameHead{FrameHead::Kind::answer, static_cast<std::uint32_t>(5 + text.size())}) +
           static_cast<char>(answer.exit_code) +
           big_endian(static_cast<std::uint32_t>(answer.process)) + text;
}

std::optional<QueuedAnswer> decode_answer(std::string_view payload)
{
    if (payload.size() < 5) return std::nullopt;
    return QueuedAnswer{static_cast<unsigned char>(payload[0]),
                        static_cast<pid_t>(from_big_endian(payload.substr(1))),
                        std::string(payload.substr(5))};
}

}
