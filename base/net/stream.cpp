#include "base/net/stream.hpp"

#include "base/net/input.hpp"
#include "base/net/loop.hpp"
#include "base/net/tls_cut_short.hpp"
#include "base/sys/error.hpp"
#include "base/sys/passing.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace grapnel::net {

namespace {

// How far a descriptor may be trusted not to block: ours are non-blocking, a stranger's (inherited
// 0 and 1) are left as they are, because that mode is shared with whoever else holds them.
enum class Manner { absent, socket, nonblocking, pollable, always_ready };

Manner manner_of(int descriptor)
{
    struct stat facts {};
    if (descriptor < 0) return Manner::absent;
    if (::fstat(descriptor, &facts) != 0) throw_errno("unable to stat a connection");
    if (S_ISSOCK(facts.st_mode)) return Manner::socket;
    if (S_ISREG(facts.st_mode) || S_ISBLK(facts.st_mode) || S_ISDIR(facts.st_mode))
        return Manner::always_ready;
    if (S_ISCHR(facts.st_mode) && !::isatty(descriptor)) return Manner::always_ready;   // /dev/null
    return (::fcntl(descriptor, F_GETFL) & O_NONBLOCK) != 0 ? Manner::nonblocking
                                                            : Manner::pollable;
}

// A pipe that says it is writable takes this much without blocking (pipe(7), PIPE_BUF).
constexpr std::size_t safe_pipe_write = 4096;

bool is_ready(int descriptor, short events)
{
    pollfd state{descriptor, events, 0};
    return ::poll(&state, 1, 0) == 1;
}

ssize_t blocked()
{
    errno = EAGAIN;
    return -1;
}

}

TimedOut::TimedOut() : std::system_error(ETIMEDOUT, std::generic_category(), "connection") {}
Interrupted::Interrupted() : std::runtime_error("interrupted") {}
LineTooLong::LineTooLong() : std::runtime_error("line too long") {}

// Shared with the callback that waits for it, which may come last.
struct Stream::End {
    std::function<void()> call;
    void happen()
    {
        if (const auto once = std::exchange(call, nullptr)) once();
    }
};

struct Stream::Watch final : RawOctets {
    Watch(const asio::any_io_executor& executor, Fd in, Fd out)
        : input_manner(manner_of(in.get())),
          output_manner(out ? manner_of(out.get()) : input_manner),
          input(executor),
          output(executor),
          timer(executor)
    {
        if (in) input.assign(in.release());
        if (out) output.assign(out.release());
    }

    asio::posix::stream_descriptor& writer() { return output.is_open() ? output : input; }

    void cancel()
    {
        boost::system::error_code ignored;
        if (input.is_open()) input.cancel(ignored);
        if (output.is_open()) output.cancel(ignored);
    }

    // For TLS. What may block is asked first.
    ssize_t take(char* room, std::size_t size) override
    {
        const int number = input.native_handle();
        if (input_manner == Manner::socket) return ::recv(number, room, size, MSG_DONTWAIT);
        if (input_manner == Manner::pollable && !is_ready(number, POLLIN)) return blocked();
        return ::read(number, room, size);
    }
    ssize_t put(const char* bytes, std::size_t size) override
    {
        const int number = writer().native_handle();
        if (output_manner == Manner::socket)
            return ::send(number, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (output_manner == Manner::pollable) {
            if (!is_ready(number, POLLOUT)) return blocked();
            size = std::min(size, safe_pipe_write);
        }
        return ::write(number, bytes, size);
    }

    ssize_t receive(char* room, std::size_t size)
    {
        const int number = input.native_handle();
        if (!accepts_descriptors) return ::recv(number, room, size, MSG_DONTWAIT);
        auto arrived = receive_with(number, room, size, MSG_DONTWAIT);
        for (auto& descriptor : arrived.descriptors)
            if (descriptors.size() < most_passed_descriptors)
                descriptors.push_back(std::move(descriptor));
        return arrived.size;
    }

    Manner input_manner, output_manner;
    asio::posix::stream_descriptor input, output;   // output only where it is not input itself
    asio::steady_timer timer;
    Input read;
    std::unique_ptr<TlsLayer> tls;
    std::weak_ptr<End> end;
    std::size_t this_turn = 0;   // bytes read since the others had their turn
    SteadyClock::time_point deadline = SteadyClock::time_point::max();
    bool armed = false, closed = false, interrupted = false, accepts_descriptors = false;
    bool emptied = false;   // by the last read: epoll knows of more before another read would
    std::vector<Fd> descriptors;
};

Stream::Stream(asio::any_io_executor executor, Fd socket)
    : Stream(std::move(executor), std::move(socket), Fd())
{
}

Stream::Stream(asio::any_io_executor executor, Fd input, Fd output)
    : watch_(std::make_shared<Watch>(executor, std::move(input), std::move(output)))
{
}

Stream::Stream(Stream&&) noexcept = default;

Stream& Stream::operator=(Stream&& other) noexcept
{
    if (watch_) close();
    watch_ = std::move(other.watch_);
    return *this;
}

Stream::~Stream()
{
    if (watch_) close();
}

void Stream::close()
{
    boost::system::error_code ignored;
    if (const auto tls = std::move(watch_->tls)) tls->say_goodbye();
    watch_->closed = true;
    watch_->input.close(ignored);
    watch_->output.close(ignored);
    watch_->timer.cancel();
}

int Stream::descriptor() const
{
    return watch_->input.is_open() ? watch_->input.native_handle() : -1;
}

void Stream::expires_after(SteadyClock::duration limit) { expires_at(SteadyClock::now() + limit); }

void Stream::expires_at(SteadyClock::time_point deadline)
{
    watch_->deadline = deadline;
    if (deadline == SteadyClock::time_point::max()) return;
    if (!watch_->armed || deadline < watch_->timer.expiry()) arm(watch_);
}

void Stream::arm(const std::shared_ptr<Watch>& watch)
{
    watch->armed = true;
    watch->timer.expires_at(watch->deadline);
    watch->timer.async_wait([watch](boost::system::error_code moved) {
        if (moved || watch->closed) return;
        watch->armed = false;
        if (watch->deadline == SteadyClock::time_point::max()) return;
        if (SteadyClock::now() < watch->deadline) return arm(watch);
        watch->cancel();   // the waiting read or write turns this into TimedOut
    });
}

void Stream::interrupt()
{
    watch_->interrupted = true;
    watch_->cancel();
    if (const auto end = watch_->end.lock())
        soon(watch_->timer.get_executor(), [end] { end->happen(); });
}

namespace {
// Both directions are closed, or the connection is broken.
bool is_dead(int descriptor)
{
    pollfd state{descriptor, 0, 0};
    return ::poll(&state, 1, 0) == 1 && (state.revents & (POLLERR | POLLHUP)) != 0;
}
}

// Urgent data wakes us too; then nothing is waited for any longer, lest he send more of it.
std::shared_ptr<void> Stream::call_at_end(std::function<void()> call)
{
    const auto end = std::make_shared<End>(End{std::move(call)});
    watch_->end = end;
    const auto watch = watch_;
    const bool socket = watch->input_manner == Manner::socket;
    const bool pipe =
        watch->output_manner == Manner::pollable || watch->output_manner == Manner::nonblocking;
    if (socket || pipe) {
        auto& descriptor = socket ? watch->input : watch->writer();
        const int number = descriptor.native_handle();
        descriptor.async_wait(asio::posix::descriptor_base::wait_error,
                              [end, number](boost::system::error_code cancelled) {
                                  if (!cancelled && end->call && is_dead(number)) end->happen();
                              });
    }
    return std::shared_ptr<void>(nullptr, [watch, end](void*) {
        end->call = nullptr;
        if (!watch->closed) watch->cancel();
    });
}

void Stream::resume() { watch_->interrupted = false; }
bool Stream::interrupted() const { return watch_->interrupted; }

// Also asked without waiting, so that a peer who never lets us wait cannot outlive its deadline.
void Stream::check() const
{
    if (watch_->interrupted) throw Interrupted();
    if (SteadyClock::now() >= watch_->deadline) throw TimedOut();
}

asio::awaitable<void> Stream::wait(bool to_write)
{
    const auto watch = watch_;
    check();
    boost::system::error_code error;
    auto& descriptor = to_write ? watch->writer() : watch->input;
    const auto kind = to_write ? asio::posix::descriptor_base::wait_write
                               : asio::posix::descriptor_base::wait_read;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await descriptor.async_wait(kind, token);
    watch->this_turn = 0;
    if (!error) co_return;
    check();
    throw std::system_error(error.value(), std::generic_category(), "waiting for a connection");
}

std::string_view Stream::buffered() const { return watch_->read.bytes(); }

void Stream::consume(std::size_t count) { watch_->read.consume(count); }

asio::awaitable<bool> Stream::fill()
{
    const Manner manner = watch_->input_manner;
    if (watch_->this_turn >= Input::room_size) {
        co_await yield_turn();
        watch_->this_turn = 0;
    }
    if (watch_->tls) {
        const bool more = co_await fill_from_tls();
        co_return more;
    }
    const bool emptied = std::exchange(watch_->emptied, false);
    if (emptied || manner == Manner::pollable) co_await wait(false);
    for (;;) {
        check();
        auto& room = watch_->read.room();
        const auto got = manner == Manner::socket
                             ? watch_->receive(room.data(), room.size())
                             : ::read(watch_->input.native_handle(), room.data(), room.size());
        if (got > 0) {
            watch_->read.add(static_cast<std::size_t>(got));
            watch_->this_turn += static_cast<std::size_t>(got);
            watch_->emptied =
                manner == Manner::socket && static_cast<std::size_t>(got) < room.size();
            co_return true;
        }
        if (got == 0) co_return false;
        if (errno == EINTR) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            throw_errno("unable to read from a connection");
        co_await wait(false);
    }
}

asio::awaitable<bool> Stream::fill_from_tls()
{
    for (;;) {
        check();
        auto& room = watch_->read.room();
        const auto step = watch_->tls->read(room.data(), room.size());
        if (step.size > 0) {
            watch_->read.add(step.size);
            watch_->this_turn += step.size;
            co_return true;
        }
        if (step.need == TlsLayer::Need::end) co_return false;
        co_await wait(step.need == TlsLayer::Need::output);
    }
}

asio::awaitable<void> Stream::start_tls(std::unique_ptr<TlsLayer> layer)
{
    if (!buffered().empty()) throw std::logic_error("input before the TLS handshake");
    watch_->tls = std::move(layer);
    watch_->tls->begin(*watch_);
    for (;;) {
        check();
        const auto step = watch_->tls->shake_hands();
        if (step.need == TlsLayer::Need::nothing) co_return;
        if (step.need == TlsLayer::Need::end) throw TlsCutShort("the peer left in the handshake");
        co_await wait(step.need == TlsLayer::Need::output);
    }
}

const TlsLayer* Stream::tls() const { return watch_->tls.get(); }

asio::awaitable<std::optional<std::string>> Stream::read_line(std::size_t limit)
{
    std::size_t seen = 0;
    for (;;) {
        const auto have = buffered();
        const auto end = have.find('\n', seen);
        if (end != std::string_view::npos && end <= limit) {
            auto line = have.substr(0, end);
            if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
            std::string result(line);
            consume(end + 1);
            co_return result;
        }
        if (have.size() > limit) throw LineTooLong();
        seen = have.size();
        const bool more = co_await fill();
        if (!more) co_return std::nullopt;
    }
}

asio::awaitable<void> Stream::write(std::string_view bytes, Then then)
{
    const Manner manner = watch_->output_manner;
    // Only where nobody else holds the socket: till the last has closed it the packet waits.
    const bool sole = !watch_->output.is_open();
    const int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (then == Then::close && sole ? MSG_MORE : 0);
    if (watch_->tls) {
        co_await write_to_tls(bytes);
        co_return;
    }
    while (!bytes.empty()) {
        if (manner == Manner::pollable) co_await wait(true);
        const int number = watch_->writer().native_handle();
        const auto size =
            manner == Manner::pollable ? std::min(bytes.size(), safe_pipe_write) : bytes.size();
        const auto put = manner == Manner::socket ? ::send(number, bytes.data(), size, flags)
                                                  : ::write(number, bytes.data(), size);
        if (put >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(put));
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) throw_errno("unable to write to a connection");
        co_await wait(true);
    }
}

asio::awaitable<void> Stream::write_to_tls(std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto step = watch_->tls->write(bytes);
        bytes.remove_prefix(step.size);
        if (step.need == TlsLayer::Need::end)
            throw std::system_error(EPIPE, std::generic_category(),
                                    "unable to write to a connection");
        if (step.need != TlsLayer::Need::nothing)
            co_await wait(step.need == TlsLayer::Need::output);
    }
}

asio::awaitable<void> Stream::write_with(std::string_view bytes, int descriptor)
{
    const std::span<const int> beside(&descriptor, descriptor < 0 ? 0 : 1);
    for (;;) {
        const auto put = send_with(watch_->writer().native_handle(), bytes, beside, MSG_DONTWAIT);
        if (put >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(put));
            break;
        }
        if (errno != EAGAIN && errno != EWOULDBLOCK) throw_errno("unable to write to a connection");
        co_await wait(true);
    }
    co_await write(bytes);
}

void Stream::accept_descriptors() { watch_->accepts_descriptors = true; }
std::vector<Fd> Stream::take_descriptors() { return std::exchange(watch_->descriptors, {}); }

bool Stream::input_waiting() const
{
    if (watch_->input_manner != Manner::socket) return false;
    if (!buffered().empty()) return true;
    if (watch_->tls) return watch_->tls->input_waiting();
    char byte = 0;
    return ::recv(watch_->input.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool Stream::is_quiet() const
{
    char byte = 0;
    return buffered().empty() && !(watch_->tls && watch_->tls->input_waiting()) &&
           ::recv(watch_->input.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

asio::awaitable<void> Stream::hang_up(SteadyClock::duration limit)
{
    constexpr std::size_t patience = 1u << 20;
    if (const auto tls = std::move(watch_->tls)) tls->say_goodbye();   // the rest is only dropped
    if (watch_->input_manner != Manner::socket) co_return;
    ::shutdown(watch_->writer().native_handle(), SHUT_WR);
    expires_after(limit);
    try {
        std::size_t dropped = buffered().size();
        consume(dropped);
        for (bool more = true; more && dropped < patience;) {
            more = co_await fill();
            dropped += buffered().size();
            consume(buffered().size());
        }
    } catch (const std::exception&) {
        // He had his chance.
    }
}

}
