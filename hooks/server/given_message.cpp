#include "hooks/server/given_message.hpp"

#include "base/net/loop.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/memory_file.hpp"
#include "base/sys/nameless_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace grapnel::hooks {

namespace {

constexpr std::size_t piece = 1u << 20;
constexpr off_t largest_in_memory = 65536;

Fd room_for(off_t size, const std::string& directory)
{
    if (size <= largest_in_memory) return make_memory_file("message");
    return make_nameless_file(directory);
}

// Trouble with our disk is not the client's leaving: that is thrown.
template <class Work>
Result<> on_disk(const Work& work)
{
    try {
        work();
        return {};
    } catch (const std::system_error& error) {
        return temporary(error.what());
    }
}

}

net::asio::awaitable<Fd> make_fit(Fd given, std::string directory)
{
    const auto about = status(given.get(), "a message");
    if (!S_ISREG(about.st_mode)) throw_error(EINVAL, "unable to take a message that is no file");
    // Of those that have a name only the queue's own come here: nobody cuts them.
    if (is_sealed(given.get()) || about.st_nlink > 0) co_return given;
    Fd copy = room_for(about.st_size, directory);
    const auto buffer = std::make_unique<char[]>(piece);
    for (off_t at = 0; at < about.st_size;) {
        const auto wanted =
            std::min<std::size_t>(piece, static_cast<std::size_t>(about.st_size - at));
        const auto got = ::pread(given.get(), buffer.get(), wanted, at);
        if (got < 0) throw_errno("unable to read a message");
        if (got == 0) throw_error(EIO, "unable to read all of a message");
        write_all(copy.get(), {buffer.get(), static_cast<std::size_t>(got)}, "a message");
        at += got;
        co_await net::yield_turn();
    }
    if (about.st_size <= largest_in_memory) seal(copy.get());
    co_return copy;
}

net::asio::awaitable<Result<Fd>> receive_message(net::Stream& client, std::uint64_t size,
                                                 std::string directory)
{
    Fd file;
    auto fine = on_disk([&] { file = make_nameless_file(directory); });
    while (fine && size > 0) {
        const auto arrived = client.buffered().substr(0, size);
        if (arrived.empty()) {
            const bool more = co_await client.fill();
            if (!more) throw_error(ECONNRESET, "unable to read all of a message");
            continue;
        }
        fine = on_disk([&] { write_all(file.get(), arrived, "a message"); });
        size -= arrived.size();
        client.consume(arrived.size());
    }
    if (!fine) co_return fine.error();
    co_return std::move(file);
}

}
