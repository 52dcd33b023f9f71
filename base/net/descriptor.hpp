// A pipe, FIFO or socket descriptor whose bytes are awaited. Regular files are always ready: they
// do not belong here.
#pragma once

#include "base/net/loop.hpp"
#include "base/sys/fd.hpp"

#include <cstddef>
#include <memory>
#include <string_view>

namespace grapnel::net {

class Descriptor {
public:
    // Takes it over and makes it non-blocking. Throws where it cannot be waited for.
    Descriptor(Executor executor, Fd descriptor);
    Descriptor(Descriptor&&) noexcept;
    Descriptor& operator=(Descriptor&&) noexcept;
    ~Descriptor();

    // Each throws std::system_error; ECANCELED after cancel() or close().
    boost::asio::awaitable<void> readable();
    boost::asio::awaitable<std::size_t> read_some(char* buffer,
                                                  std::size_t size);   // 0: end of file
    // bytes must stay until it is done.
    boost::asio::awaitable<void> write_all(std::string_view bytes);
    // What goes at once; 0 where nothing does.
    std::size_t try_write(std::string_view bytes);

    int get() const;
    bool is_open() const;
    void cancel();
    void close();

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Waits until somebody else's descriptor can be read (a trigger, a pidfd). It must stay open until
// then.
boost::asio::awaitable<void> readable(int descriptor);

}
