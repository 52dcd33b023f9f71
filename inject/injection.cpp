#include "inject/injection.hpp"

#include "base/arguments.hpp"
#include "base/forward_sender.hpp"
#include "base/mail/header.hpp"
#include "base/sys/clock.hpp"
#include "base/sys/control.hpp"
#include "base/sys/file.hpp"
#include "base/sys/log.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "base/sys/signal.hpp"
#include "inject/compose.hpp"
#include "inject/inspection.hpp"
#include "inject/report_wishes.hpp"
#include "queue/submission.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <optional>
#include <system_error>

namespace grapnel::inject {

namespace {

// The header is held in memory until its end, where it is known what it lacks.
constexpr std::size_t header_limit = 16u * 1024 * 1024;

// The text as it stands: what it quotes may end in a newline of its own.
[[noreturn]] void fail(const Failure& failure)
{
    std::string text = "qmail-inject: fatal: " + failure.text;
    if (!text.ends_with('\n')) text += '\n';
    write_all(2, text, "standard error");
    throw Stop{failure.retry == Retry::later ? 111 : 100};
}

template <class T>
T value_or_fail(Result<T> result)
{
    if (!result) fail(result.error());
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// What can only mean trouble with reading becomes the one line that callers know.
template <class Body>
auto reading(const Body& body)
{
    try {
        return body();
    } catch (const std::system_error&) {
        fail(temporary("read error"));
    }
}

NameSet read_lists(const Environment& environment)
{
    const auto file = environment.get("QMAILMFTFILE");
    if (!file) return {};
    // Relative to where we were started; Control wants a directory and a name.
    const auto slash = file->rfind('/');
    const Control directory(slash == std::string::npos ? "." : file->substr(0, slash));
    return NameSet(directory.list(slash == std::string::npos ? *file : file->substr(slash + 1))
                       .value_or(std::vector<std::string>()));
}

Domains read_domains(const Environment& environment)
{
    const Control control("control");
    const auto one = [&](const char* variable, const char* name) {
        const std::string value = control.line_or_me(name, name);
        return environment.get(variable).value_or(value);
    };
    return {one("QMAILDEFAULTHOST", "defaulthost"), one("QMAILDEFAULTDOMAIN", "defaultdomain"),
            one("QMAILPLUSDOMAIN", "plusdomain"), one("QMAILIDHOST", "idhost")};
}

// A program of a .qmail file that sends a message forwards it; so does who says so.
std::string envelope_sender(const std::string& sender, const Environment& environment)
{
    const bool forwards = (environment.has("EXT") && environment.has("HOST")) ||
                          environment.has("QMAILINJECT_FORCE_SRS");
    if (!forwards || environment.has("QMAILINJECT_SKIP_SRS")) return sender;
    return forward_sender(sender);
}

Envelope make_envelope(const Composition& composition, const Options& options,
                       const Environment& environment)
{
    Envelope envelope{envelope_sender(composition.sender, environment), composition.recipients};
    if (options.ret) envelope.extensions.message.set("ret", *options.ret);
    if (options.envelope_id) envelope.extensions.message.set("envid", *options.envelope_id);
    if (options.notify)
        for (std::size_t i = 0; i < envelope.recipients.size(); ++i)
            envelope.extensions.recipients[i].set("notify", *options.notify);
    return envelope;
}

queue::Submission begin_submission(const Environment& environment)
{
    try {
        return queue::Submission(environment);
    } catch (const std::system_error&) {
        fail(temporary("unable to run qmail-queue"));
    }
}

std::vector<std::string> temporary_directories(const Environment& environment)
{
    std::vector<std::string> found{"/var/tmp", "/tmp"};
    const auto wanted = environment.get("TMPDIR");
    if (wanted && wanted->starts_with('/')) found.insert(found.begin(), *wanted);
    return found;
}

// Where the message goes: the queue, the scanners before it, or (-n) standard output.
class Destination {
public:
    Destination(const Options& options, const Environment& environment)
        : environment_(environment), writer_(1, "standard output")
    {
        if (!options.queue) return;
        const bool inspected = reading([] { return is_inspected(); });
        if (inspected)
            inspection_.emplace(temporary_directories(environment));
        else
            submission_.emplace(begin_submission(environment));
    }
    void write(std::string_view bytes)
    {
        if (bytes.empty()) return;
        last_ = bytes.back();
        if (submission_)
            submission_->write(bytes);
        else if (inspection_)
            holding([&] { inspection_->write(bytes); });
        else
            writer_.write(bytes);
    }
    Result<> finish(const Envelope& envelope)
    {
        if (last_ != '\n') write("\n");
        if (submission_) return submission_->finish(envelope);
        if (inspection_) return finish_inspection(envelope);
        writer_.flush();
        return {};
    }

private:
    // What can only mean that there is no room for all of it.
    template <class Body>
    static void holding(const Body& body)
    {
        try {
            body();
        } catch (const std::system_error& error) {
            if (error.code().value() == EFBIG)
                fail(permanent("message too long to be looked at (#5.3.4)"));
            fail(temporary("unable to hold the message"));
        }
    }

    Result<> finish_inspection(const Envelope& envelope)
    {
        auto outcome = reading([&] { return inspection_->finish(envelope); });
        if (!outcome) return outcome.error();
        if (outcome->dropped) return {};
        auto submission = begin_submission(environment_);
        std::string piece(32768, '\0');
        for (std::uint64_t at = 0; at < outcome->size;) {
            const auto wanted = std::min<std::uint64_t>(piece.size(), outcome->size - at);
            const auto got = ::pread(outcome->message.get(), piece.data(),
                                     static_cast<std::size_t>(wanted), static_cast<off_t>(at));
            if (got <= 0) fail(temporary("read error"));
            submission.write(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
            at += static_cast<std::uint64_t>(got);
        }
        return submission.finish(outcome->envelope);
    }

    const Environment& environment_;
    std::optional<queue::Submission> submission_;
    std::optional<Inspection> inspection_;
    Writer writer_;
    char last_ = '\n';
};

// Feeds the header to composer. Returns the beginning of the body, the empty line before it
// included; a header that a line of other kind ends gets one.
std::string read_header(Reader& input, Composer& composer)
{
    HeaderSplitter splitter(header_limit, HeaderSplitter::FromLines::are_fields);
    for (;;) {
        auto bytes = reading([&] { return input.available(); });
        const auto size = bytes.size();
        const auto step = size == 0 ? splitter.finish() : splitter.take(bytes);
        input.consume(size - bytes.size());
        if (step == HeaderSplitter::Step::too_long)
            fail(permanent("header is longer than " + std::to_string(header_limit) +
                           " bytes (#5.3.4)"));
        if (step == HeaderSplitter::Step::field)
            value_or_fail(composer.add_field(splitter.field()));
        if (step != HeaderSplitter::Step::end) continue;
        if (splitter.empty_line() || !splitter.rest().empty()) return '\n' + splitter.rest();
        return {};
    }
}

int inject_message(const std::vector<std::string>& words, Environment environment)
{
    ignore_signal(SIGPIPE);
    const Composer::Moment moment{SystemClock().now(), ::getpid()};
    auto lists = reading([&] { return read_lists(environment); });
    if (::chdir(home().c_str()) != 0) fail(temporary("internal bug"));
    const auto domains = reading([&] { return read_domains(environment); });
    auto completion = value_or_fail(Completion::make(domains));
    const auto options = read_options(words, environment);
    if (!options) {
        log_line(2, options.error().text);
        return 100;
    }
    // For this message only, not for what the queue program may send.
    for (const auto* name : {notify_variable, ret_variable, envelope_id_variable})
        environment.unset(name);

    row::injector();
    Composer composer(*options, std::move(completion), domains.id_host, std::move(lists), moment);
    value_or_fail(composer.take_arguments());
    Reader input(0, 32768);
    const auto beginning = read_header(input, composer);
    const auto composition = value_or_fail(composer.finish());

    if (!options->queue)
        write_all(1, "Return-Path: <" + quoted(composition.sender) + ">\n", "standard output");
    Destination destination(*options, environment);
    destination.write(composition.header);
    destination.write(beginning);
    for (;;) {
        const auto bytes = reading([&] { return input.available(); });
        if (bytes.empty()) break;
        destination.write(bytes);
        input.consume(bytes.size());
    }
    value_or_fail(destination.finish(make_envelope(composition, *options, environment)));
    return 0;
}

}

int run_injection(const std::vector<std::string>& words, const Environment& environment)
{
    return run("qmail-inject", [&] { return inject_message(words, environment); });
}

}
