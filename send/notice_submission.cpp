#include "send/notice_submission.hpp"

#include "base/mail/envelope.hpp"
#include "base/net/child.hpp"
#include "base/net/descriptor.hpp"
#include "base/sys/file.hpp"
#include "queue/exit_code.hpp"

#include <fcntl.h>

#include <array>
#include <optional>
#include <utility>

namespace grapnel::send {

namespace {

namespace asio = boost::asio;
constexpr std::size_t longest_response = 4096;

// Our ends of the pipes, and the process.
struct Queue {
    Child child;
    net::Descriptor message, envelope, response;
};

Queue start_queue(const net::Executor& executor, Environment environment)
{
    Pipe message = make_pipe(), envelope = make_pipe(), response = make_pipe();
    const Fd nothing = open_file("/dev/null", O_RDWR);
    environment.set("ERROR_FD", "4");
    const std::string program = environment.get("QMAILQUEUE").value_or("bin/qmail-queue");
    Child child = spawn({.path = program,
                         .environment = environment.entries(),
                         // One pipe on 4 and 6: callers of either convention are understood.
                         .descriptors = {{0, message.reader.get()},
                                         {1, envelope.reader.get()},
                                         {2, nothing.get()},
                                         {4, response.writer.get()},
                                         {6, response.writer.get()}},
                         .directory = home(),
                         .exec_failed_later = queue::exit_code::exec_failed,
                         .exec_failed_never = queue::exit_code::exec_failed});
    return {std::move(child), net::Descriptor(executor, std::move(message.writer)),
            net::Descriptor(executor, std::move(envelope.writer)),
            net::Descriptor(executor, std::move(response.reader))};
}

asio::awaitable<void> copy_file(net::Descriptor& to, std::string path)
{
    const Fd file = open_read(path);
    std::array<char, 16384> buffer;
    while (const auto count = read_some(file.get(), buffer.data(), buffer.size())) {
        const std::string_view piece(buffer.data(), count);
        co_await to.write_all(piece);
    }
}

asio::awaitable<void> write_message(Queue& queue, const Notice& notice, std::string bounce_file,
                                    std::string message_file)
{
    co_await queue.message.write_all(notice.head);
    co_await copy_file(queue.message, bounce_file);
    co_await queue.message.write_all(notice.middle);
    co_await copy_file(queue.message, message_file);
    queue.message.close();
    const std::string envelope = encode(Envelope{notice.sender, {notice.recipient}, {}});
    co_await queue.envelope.write_all(envelope);
}

asio::awaitable<std::string> read_response(Queue& queue)
{
    std::string text;
    std::array<char, 1024> buffer;
    for (;;) {
        const std::size_t count = co_await queue.response.read_some(buffer.data(), buffer.size());
        if (count == 0) co_return text;
        if (text.size() < longest_response) text.append(buffer.data(), count);
    }
}

}

asio::awaitable<Submitted> submit_notice(net::Executor executor, Environment environment,
                                         Notice notice, std::string bounce_file,
                                         std::string message_file)
{
    Queue queue = start_queue(executor, std::move(environment));
    Submitted submitted{queue.child.pid(), {}};
    std::optional<Failure> trouble;
    try {
        co_await write_message(queue, notice, std::move(bounce_file), std::move(message_file));
    } catch (const std::system_error& error) {
        trouble = temporary(error.what());
    }
    // Where the message or the envelope was not written whole, its early end keeps qmail-queue from
    // taking it.
    queue.message.close();
    queue.envelope.close();
    const std::string response = co_await read_response(queue);
    const Ending ending = co_await net::ended(queue.child);
    submitted.outcome = queue::explain(ending, response);
    if (trouble) submitted.outcome = *trouble;
    co_return submitted;
}

}
