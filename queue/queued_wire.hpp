// What a submitter and qmail-queued say to each other over run/queued, both ways. Pure.
// A frame: kind (one byte), length (four bytes, most significant first), that many bytes.
//   submitter: M a piece of the message, E a piece of the envelope and its extension block, C
//   commit. qmail-queued: A exit code (one byte), its process id (four bytes), a line as on
//   descriptor 4.
//   qmail-queue, before its message: S user id and process id of whom it acts for (four bytes
//   each), and waits for G: go on. Believed of the queue's owner only.
//   Who would start bin/qmail-queue otherwise, before his message: Q, and waits for G: that program
//   is our own, so its work can be done here.
// One message after the other. A connection that closes before C queues nothing.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::queue {

inline constexpr std::size_t longest_frame = 131072;   // payload

struct FrameHead {
    enum class Kind : char {
        submitter = 'S',
        instead = 'Q',
        go_on = 'G',
        message = 'M',
        envelope = 'E',
        commit = 'C',
        answer = 'A'
    };
    Kind kind;
    std::uint32_t length;
    static constexpr std::size_t size = 5;
};
std::string encode(const FrameHead& head);
// From the first FrameHead::size of bytes. nullopt: cut short, no such kind, or over longest_frame.
std::optional<FrameHead> decode_frame_head(std::string_view bytes);

// Writes head over the first FrameHead::size of bytes: for a payload that is there already.
void put_frame_head(std::string& bytes, const FrameHead& head);

// bytes as frames of one kind, appended to wire.
void append_frames(std::string& wire, FrameHead::Kind kind, std::string_view bytes);

struct ActsFor {
    uid_t uid = 0;
    pid_t process = 0;
};
std::string encode(const ActsFor& submitter);   // with its head
std::optional<ActsFor> decode_acts_for(std::string_view payload);

struct QueuedAnswer {
    int exit_code = 0;   // as qmail-queue's
    pid_t process = 0;
    std::string text;   // empty on success
};
std::string encode(const QueuedAnswer& answer);   // with its head
std::optional<QueuedAnswer> decode_answer(std::string_view payload);

}
