// A connection as lines and bytes: a socket, or two descriptors (inetd, pipes, even a regular
// file). Every wait has a deadline; at rest it owns no buffer; who sends fast does not keep the
// loop from others. Knows no SMTP. Not for two readers or two writers at once.
#pragma once

#include "base/net/tls_layer.hpp"
#include "base/sys/fd.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace grapnel::net {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

// Thrown where a deadline passes, or where interrupt() was called.
struct TimedOut : std::system_error {
    TimedOut();
};
struct Interrupted : std::runtime_error {
    Interrupted();
};
struct LineTooLong : std::runtime_error {
    LineTooLong();
};

class Stream {
public:
    Stream(asio::any_io_executor executor, Fd socket);
    // Either may be absent (Fd()): a stream in one direction.
    Stream(asio::any_io_executor executor, Fd input, Fd output);
    Stream(Stream&&) noexcept;
    Stream& operator=(Stream&&) noexcept;
    ~Stream();

    // For every wait from now on; without one a wait has no end. Cheap: one timer sleeps till the
    // earliest.
    void expires_after(SteadyClock::duration limit);
    void expires_at(SteadyClock::time_point deadline);

    // Waits for input and adds what came to buffered(); false at its end. Throws system_error.
    // Never more than 64 KiB without the others having had their turn.
    asio::awaitable<bool> fill();
    // Ends with the next consume(), and with the next wait for anything: it may lie in memory that
    // all streams of the thread read into.
    std::string_view buffered() const;
    void consume(std::size_t count);

    // A line without its LF or CR LF; nullopt where the input ends first. Over limit bytes:
    // LineTooLong.
    asio::awaitable<std::optional<std::string>> read_line(std::size_t limit);

    // All of it; what bytes views must live until then. EPIPE is an exception, never a signal on
    // sockets. Then::close: hang_up() or the end of the stream comes next, so that the last words
    // and the end leave in one packet.
    enum class Then { more, close };
    asio::awaitable<void> write(std::string_view bytes, Then then = Then::more);

    // The handshake, with all of it before the deadline; from then on everything goes through the
    // layer. Nothing may be buffered. Throws TlsFailed, and as a read: then it is to be closed.
    asio::awaitable<void> start_tls(std::unique_ptr<TlsLayer> layer);
    const TlsLayer* tls() const;   // nullptr: in the clear

    // Local sockets: the same with a descriptor beside the first byte; -1: none.
    asio::awaitable<void> write_with(std::string_view bytes, int descriptor);
    // From now on fill() keeps descriptors that come beside bytes, at most four till they are
    // taken; those beyond them, and before this is called, are closed.
    void accept_descriptors();
    std::vector<Fd> take_descriptors();

    // Ends the wait that is going on, and each later one, with Interrupted. resume() takes that
    // back.
    void interrupt();
    void resume();
    bool interrupted() const;

    // call(), once, from the loop: when the peer has left for good (who only sends no more may
    // still wait for an answer), or at interrupt(). Until what comes back is dropped. Not beside a
    // wait.
    [[nodiscard]] std::shared_ptr<void> call_at_end(std::function<void()> call);

    // Something to read is here already (not the end of input, nor what TLS says by itself). Always
    // false where the input is no socket.
    bool input_waiting() const;
    // A socket from which nothing has come, not even its end.
    bool is_quiet() const;

    // Says that no more will come from us, then reads and drops what the peer still sends until he
    // has closed too, or the limit passes: a close with input unread would destroy our last words.
    // Sockets only.
    asio::awaitable<void> hang_up(SteadyClock::duration limit);

    int descriptor() const;   // of the input
    void close();

private:
    struct Watch;
    struct End;
    static void arm(const std::shared_ptr<Watch>& watch);
    asio::awaitable<void> wait(bool to_write);
    void check() const;
    asio::awaitable<bool> fill_from_tls();
    asio::awaitable<void> write_to_tls(std::string_view bytes);

    std::shared_ptr<Watch> watch_;   // shared with the timer's callback, which may come last
};

}
