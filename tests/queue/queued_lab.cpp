#include "queue/queued_lab.hpp"

#include "base/sys/file.hpp"
#include "base/sys/signal.hpp"
#include "queue/queued_socket.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <stdexcept>

namespace grapnel::test {

QueuedLab::QueuedLab(std::vector<std::string> wrapper, std::vector<std::string> arguments)
    : wrapper_(std::move(wrapper)), arguments_(std::move(arguments))
{
    start();
}

void QueuedLab::start()
{
    process_.reset();
    auto argv = wrapper_;
    argv.push_back(home.program("qmail-queued"));
    argv.insert(argv.end(), arguments_.begin(), arguments_.end());
    process_.emplace(Launch{.argv = argv, .environment = home.environment()});
    const auto answers = [&] {
        try {
            QueuedClient client(home);
            return client.submit("", "") && home.queue_files().empty();   // 91 or 54: refused
        } catch (const std::runtime_error&) {
            return !process_->running();
        }
    };
    if (!wait_until(answers) || !process_->running())
        throw std::runtime_error("qmail-queued does not come up: " + process_->errors());
}

int QueuedLab::stop()
{
    process_->kill(SIGTERM);
    const auto ending = process_->wait();
    return !ending ? -1000 : ending->crashed ? -ending->code : ending->code;
}

QueuedClient::QueuedClient(const TempHome& home)
{
    ignore_signal(SIGPIPE);
    auto socket = queue::connect_to_queued(home.path());
    if (!socket) throw std::runtime_error("qmail-queued does not listen");
    socket_ = std::move(*socket);
    set_nonblocking(socket_.get(), false);
}

void QueuedClient::raw(std::string_view bytes)
{
    try {
        write_all(socket_.get(), bytes);
    } catch (const std::system_error&) {
        // What it said before it left is still to be read.
    }
}

void QueuedClient::message(std::string_view bytes)
{
    std::string frames;
    queue::append_frames(frames, Kind::message, bytes);
    raw(frames);
}

void QueuedClient::envelope(std::string_view bytes)
{
    std::string frames;
    queue::append_frames(frames, Kind::envelope, bytes);
    raw(frames);
}

void QueuedClient::commit() { raw(encode(queue::FrameHead{Kind::commit, 0})); }

bool QueuedClient::read_until(std::size_t size)
{
    std::array<char, 4096> bytes;
    while (received_.size() < size) {
        pollfd input{socket_.get(), POLLIN, 0};
        if (::poll(&input, 1, static_cast<int>(patience.count())) != 1) return false;
        const auto count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
        if (count <= 0) return false;
        received_.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return true;
}

std::optional<queue::QueuedAnswer> QueuedClient::answer()
{
    constexpr auto head_size = queue::FrameHead::size;
    if (!read_until(head_size)) return std::nullopt;
    const auto head = queue::decode_frame_head(received_);
    if (!head || head->kind != Kind::answer || !read_until(head_size + head->length))
        return std::nullopt;
    const auto result =
        queue::decode_answer(std::string_view(received_).substr(head_size, head->length));
    received_.erase(0, head_size + head->length);
    return result;
}

std::optional<queue::QueuedAnswer> QueuedClient::submit(std::string_view message,
                                                        std::string_view envelope_bytes)
{
    this->message(message);
    envelope(envelope_bytes);
    commit();
    return answer();
}

}
