#include "queue/handover.hpp"

#include "base/sys/file.hpp"
#include "queue/exit_code.hpp"
#include "queue/queued_socket.hpp"
#include "queue/queued_wire.hpp"
#include "queue/trouble.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <system_error>

namespace grapnel::queue {

namespace {
constexpr int patience_milliseconds = 1000;
constexpr std::size_t many = 65536;
}

std::optional<Handover> Handover::begin(const std::string& home)
{
    auto socket = connect_to_queued(home);
    if (!socket) return std::nullopt;
    set_nonblocking(socket->get(), false);
    return Handover(std::move(*socket));
}

std::optional<Handover> Handover::ask(std::string_view words, const std::string& home)
{
    try {
        auto socket = connect_to_queued(home);
        if (!socket) return std::nullopt;
        const auto wanted = encode(FrameHead{FrameHead::Kind::go_on, 0});
        std::string answer(FrameHead::size, '\0');
        write_all(socket->get(), words);   // a new socket has room
        pollfd input{socket->get(), POLLIN, 0};
        if (::poll(&input, 1, patience_milliseconds) != 1 ||
            read_some(socket->get(), answer.data(), answer.size()) != answer.size() ||
            answer != wanted)
            return std::nullopt;
        set_nonblocking(socket->get(), false);
        return Handover(std::move(*socket));
    } catch (const std::system_error&) {
        return std::nullopt;
    }
}

std::optional<Handover> Handover::begin_for(const ActsFor& submitter, const std::string& home)
{
    return ask(encode(submitter), home);
}

// qmail-queue goes by the real user, the socket's other end sees the effective one.
std::optional<Handover> Handover::begin_instead(const std::string& home)
{
    if (::getuid() != ::geteuid() || ::access((home + "/bin/qmail-queue").c_str(), X_OK) != 0)
        return std::nullopt;
    return ask(encode(FrameHead{FrameHead::Kind::instead, 0}), home);
}

// What fits goes out in one piece, with its end.
void Handover::send_when_many()
{
    if (frames_.size() >= many) send();
}

void Handover::send()
{
    if (!left_) try {
            write_all(socket_.get(), frames_);
        } catch (const std::system_error&) {
            left_ = true;
            ::shutdown(socket_.get(), SHUT_WR);   // were it still there, it would wait for the rest
        }
    frames_.clear();
}

void Handover::write(std::string_view bytes)
{
    append_frames(frames_, FrameHead::Kind::message, bytes);
    send_when_many();
}

void Handover::feed(std::string_view bytes)
{
    append_frames(frames_, FrameHead::Kind::envelope, bytes);
    send_when_many();
    while (const auto item = addresses_.take(bytes)) {
        if (item->letter == '\0') break;
        if (item->letter == 'T') ++recipient_count_;
    }
    if (!addresses_.ended() || bytes.empty()) return;
    if (!block_) block_.emplace(recipient_count_);
    while (block_->take(bytes)) {}
}

std::string Handover::receive(std::size_t size)
{
    std::string bytes(size, '\0');
    for (std::size_t at = 0; at < size;) {
        const auto count = attempt(exit_code::connection_broke, [&] {
            return read_some(socket_.get(), bytes.data() + at, size - at);
        });
        if (count == 0) throw Stop{exit_code::connection_broke, "qmail-queued hung up (#4.3.0)"};
        at += count;
    }
    return bytes;
}

void Handover::commit()
{
    frames_ += encode(FrameHead{FrameHead::Kind::commit, 0});
    send();
    const auto head = decode_frame_head(receive(FrameHead::size));
    if (!head || head->kind != FrameHead::Kind::answer)
        throw Stop{exit_code::connection_broke, "qmail-queued was not understood (#4.3.0)"};
    const auto answer = decode_answer(receive(head->length));
    if (!answer)
        throw Stop{exit_code::connection_broke, "qmail-queued was not understood (#4.3.0)"};
    if (answer->exit_code == exit_code::queued) return;
    throw Stop{answer->exit_code, answer->text.empty() ? "" : answer->text.substr(1)};
}

}
