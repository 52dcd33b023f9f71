#include "base/net/descriptor.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <system_error>

namespace grapnel::net {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;

struct Descriptor::State {
    stream_descriptor stream;
};

namespace {

void check(const boost::system::error_code& error)
{
    if (error) throw std::system_error(std::error_code(error));
}

}

Descriptor::Descriptor(Executor executor, Fd descriptor)
    : state_(std::make_unique<State>(State{stream_descriptor(std::move(executor))}))
{
    set_nonblocking(descriptor.get());
    state_->stream.assign(descriptor.get());
    descriptor.release();
    state_->stream.non_blocking(true);
}

Descriptor::Descriptor(Descriptor&&) noexcept = default;
Descriptor& Descriptor::operator=(Descriptor&&) noexcept = default;
Descriptor::~Descriptor() = default;

asio::awaitable<void> Descriptor::readable()
{
    boost::system::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await state_->stream.async_wait(stream_descriptor::wait_read, token);
    check(error);
}

asio::awaitable<std::size_t> Descriptor::read_some(char* buffer, std::size_t size)
{
    boost::system::error_code error;
    const asio::mutable_buffer room(buffer, size);
    auto token = asio::redirect_error(asio::use_awaitable, error);
    const std::size_t count = co_await state_->stream.async_read_some(room, token);
    if (error == asio::error::eof) co_return 0;
    check(error);
    co_return count;
}

asio::awaitable<void> Descriptor::write_all(std::string_view bytes)
{
    while (!bytes.empty()) {
        const asio::const_buffer rest(bytes.data(), bytes.size());
        boost::system::error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        const std::size_t count = co_await state_->stream.async_write_some(rest, token);
        check(error);
        bytes.remove_prefix(count);
    }
}

std::size_t Descriptor::try_write(std::string_view bytes)
{
    boost::system::error_code error;
    const auto count =
        state_->stream.write_some(asio::const_buffer(bytes.data(), bytes.size()), error);
    if (error == asio::error::would_block || error == asio::error::try_again) return 0;
    check(error);
    return count;
}

int Descriptor::get() const { return state_->stream.native_handle(); }

bool Descriptor::is_open() const { return state_ && state_->stream.is_open(); }

void Descriptor::cancel()
{
    boost::system::error_code ignored;
    state_->stream.cancel(ignored);
}

void Descriptor::close()
{
    boost::system::error_code ignored;
    state_->stream.close(ignored);
}

namespace {

// Gives the descriptor back however the wait ends.
class Borrowed {
public:
    Borrowed(const Executor& executor, int descriptor) : stream(executor, descriptor) {}
    ~Borrowed() { stream.release(); }
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;
    stream_descriptor stream;
};

}

asio::awaitable<void> readable(int descriptor)
{
    const Executor executor = co_await asio::this_coro::executor;
    Borrowed borrowed(executor, descriptor);
    boost::system::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await borrowed.stream.async_wait(stream_descriptor::wait_read, token);
    check(error);
}

}
