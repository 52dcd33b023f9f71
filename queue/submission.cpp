#include "queue/submission.hpp"

#include "base/sys/file.hpp"
#include "queue/exit_code.hpp"
#include "queue/trouble.hpp"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <system_error>

namespace grapnel::queue {

namespace {
constexpr std::size_t buffer_size = 16384, longest_response = 4096;

// The envelope's last NUL and the first extension records go in one write that a pipe takes whole:
// the reader knows at once that there is a block.
void write_envelope(int descriptor, const Envelope& envelope)
{
    const std::string block = '\0' + encode_block(envelope.extensions);
    write_all(descriptor, encode_addresses(envelope));
    write_all(descriptor, block.substr(0, PIPE_BUF));
    write_all(descriptor,
              std::string_view(block).substr(std::min<std::size_t>(block.size(), PIPE_BUF)));
}

// At most longest_response bytes; less where the other side is done.
std::string first_of(int descriptor)
{
    std::string text(longest_response, '\0');
    std::size_t length = 0;
    try {
        while (length < text.size()) {
            const auto count = read_some(descriptor, text.data() + length, text.size() - length);
            if (count == 0) break;
            length += count;
        }
    } catch (const std::system_error&) {
        // The exit code will say it.
    }
    return text.substr(0, length);
}

}

Submission::Submission(const Environment& environment)
{
    if (!environment.has("QMAILQUEUE")) handover_ = Handover::begin_instead(home());
    if (handover_)
        pid_ = ::getpid();
    else
        run_program(environment);
}

void Submission::run_program(const Environment& environment)
{
    Pipe message = make_pipe(), envelope = make_pipe(), response = make_pipe();
    Environment variables = environment;
    variables.set("ERROR_FD", "4");
    const std::string program = environment.get("QMAILQUEUE").value_or("bin/qmail-queue");
    child_ = spawn({.path = program,
                    .environment = variables.entries(),
                    // One pipe on 4 and 6: callers of either convention are understood.
                    .descriptors = {{0, message.reader.get()},
                                    {1, envelope.reader.get()},
                                    {4, response.writer.get()},
                                    {6, response.writer.get()}},
                    .directory = home(),
                    .exec_failed_later = exit_code::exec_failed,
                    .exec_failed_never = exit_code::exec_failed});
    pid_ = child_.pid();
    message_ = std::move(message.writer);
    envelope_ = std::move(envelope.writer);
    response_ = std::move(response.reader);
}

Submission::~Submission()
{
    message_.reset();
    envelope_.reset();
    if (child_) try {
            child_.wait();
        } catch (const std::system_error&) {
            // Nothing to report to: the message was given up already.
        }
}

void Submission::write(std::string_view bytes)
{
    buffer_ += bytes;
    if (buffer_.size() >= buffer_size) flush();
}

void Submission::flush()
{
    if (handover_)
        handover_->write(buffer_);
    else if (!failed_)
        try {
            write_all(message_.get(), buffer_);
        } catch (const std::system_error&) {
            failed_ = true;   // its exit code will say why
        }
    buffer_.clear();
}

// Its answer has the code and the words that qmail-queue would have had.
Result<> Submission::hand_over(const Envelope& envelope)
{
    try {
        handover_->feed(encode_addresses(envelope) + '\0' + encode_block(envelope.extensions));
        handover_->commit();
        return {};
    } catch (const Stop& stop) {
        return explain({false, stop.exit_code}, response_line(stop));
    }
}

Result<> Submission::finish(const Envelope& envelope)
{
    flush();
    if (handover_) return hand_over(envelope);
    message_.reset();
    if (!failed_) try {
            write_envelope(envelope_.get(), envelope);
        } catch (const std::system_error&) {
            failed_ = true;   // a classic reader leaves at the envelope's end, or it failed: the
                              // exit code decides
        }
    envelope_.reset();
    const std::string response = first_of(response_.get());
    response_.reset();   // who goes on writing must not wait for us, while we wait for him
    return explain(child_.wait(), response);
}

}
