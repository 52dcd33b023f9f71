#include "send/log.hpp"

#include "base/sys/log.hpp"

#include <algorithm>
#include <cerrno>

namespace grapnel::send {

namespace {

// A pipe that poll() calls writable takes this much without blocking (pipe(7), PIPE_BUF).
constexpr std::size_t piece = 4096;
constexpr std::size_t longest_scanner_name = 64;

std::string_view name(queue::Channel channel)
{
    return channel == queue::Channel::local ? "local" : "remote";
}

std::string by(std::string_view scanner)
{
    return scanner.empty() ? "" : " by " + safe(scanner.substr(0, longest_scanner_name));
}

std::string hook_line(Log::Number n, hooks::Stage stage)
{
    return "hook msg " + std::to_string(n) + ": " + std::string(hooks::name(stage)) + ": ";
}

std::string text_of(Usage usage)
{
    return std::to_string(usage.running) + '/' + std::to_string(usage.limit);
}

}

std::string safe(std::string_view text)
{
    std::string result(text);
    for (char& c : result)
        if (c == '\n')
            c = '/';
        else if (c < 33 || c > 126 || c == '%')
            c = '_';
    return result;
}

void Log::status(Usage local, Usage remote, bool ending)
{
    line("status: local " + text_of(local) + " remote " + text_of(remote) +
         (ending ? " exitasap" : ""));
}

void Log::exiting() { line("status: exiting"); }

void Log::new_message(Number n) { line("new msg " + std::to_string(n)); }

void Log::message_name(Number n, std::string_view uuid)
{
    line("id msg " + std::to_string(n) + ": " + safe(uuid));
}

void Log::message_info(Number n, std::uint64_t bytes, std::string_view sender, std::uint64_t qp,
                       std::uint64_t uid)
{
    line("info msg " + std::to_string(n) + ": bytes " + std::to_string(bytes) + " from <" +
         safe(sender) + "> qp " + std::to_string(qp) + " uid " + std::to_string(uid));
}

void Log::starting_delivery(std::uint64_t delivery, Number n, queue::Channel channel,
                            std::string_view recipient)
{
    line("starting delivery " + std::to_string(delivery) + ": msg " + std::to_string(n) + " to " +
         std::string(name(channel)) + ' ' + safe(recipient));
}

void Log::delivered(std::uint64_t delivery, std::string_view report)
{
    line("delivery " + std::to_string(delivery) + ": success: " + safe(report));
}

void Log::failed(std::uint64_t delivery, std::string_view report)
{
    line("delivery " + std::to_string(delivery) + ": failure: " + safe(report));
}

void Log::deferred(std::uint64_t delivery, std::string_view report)
{
    line("delivery " + std::to_string(delivery) + ": deferral: " + safe(report));
}

void Log::mangled(std::uint64_t delivery)
{
    line("delivery " + std::to_string(delivery) + ": report mangled, will defer");
}

void Log::bounced(Number n, std::uint64_t qp)
{
    line("bounce msg " + std::to_string(n) + " qp " + std::to_string(qp));
}

void Log::notice(Number n, std::string_view kind, std::uint64_t qp)
{
    line("notice msg " + std::to_string(n) + ": " + std::string(kind) + " qp " +
         std::to_string(qp));
}

void Log::too_late(Number n, queue::Channel channel, std::string_view recipient)
{
    line("too late msg " + std::to_string(n) + ": to " + std::string(name(channel)) + ' ' +
         safe(recipient));
}

void Log::discarded_bounce(std::string_view which, const std::string& bounce_file)
{
    line(std::string(which) + " bounce: discarding " + bounce_file);
}

void Log::ended(Number n) { line("end msg " + std::to_string(n)); }

void Log::hook_changed(Number n, hooks::Stage stage, std::uint64_t delivery, const Standing& before,
                       const Standing& after, std::string_view scanner)
{
    auto text = hook_line(n, stage) + "delivery " + std::to_string(delivery);
    if (after.status != before.status)
        text += ' ' + std::string(hooks::name(before.status)) + " becomes " +
                std::string(hooks::name(after.status));
    if (after.next_attempt && after.next_attempt != before.next_attempt)
        text += " next " + std::to_string(*after.next_attempt);
    if (after.next_dsn && after.next_dsn != before.next_dsn)
        text += " next-dsn " + (*after.next_dsn == 0 ? "never" : std::to_string(*after.next_dsn));
    line(text + by(scanner));
}

void Log::hook_refused(Number n, hooks::Stage stage, std::uint64_t delivery, std::string_view what)
{
    line(hook_line(n, stage) + "delivery " + std::to_string(delivery) +
         " refused: " + std::string(what));
}

void Log::hook_cancelled(Number n, hooks::Stage stage, std::string_view scanner)
{
    line(hook_line(n, stage) + "cancelled" + by(scanner));
}

void Log::hook_notice(Number n, std::string_view what, std::string_view scanner)
{
    line(hook_line(n, hooks::Stage::dsn) + "notice " + std::string(what) + by(scanner));
}

void Log::hold_ended(Number n, std::string_view how)
{
    line("hold msg " + std::to_string(n) + ": " + std::string(how));
}

void Log::hastened(std::string_view domain, std::uint64_t messages)
{
    line("hasten " + safe(domain) + ": " + std::to_string(messages) + " messages");
}

void Log::cancelled(Number n, queue::Channel channel, std::string_view recipient)
{
    line("cancelled msg " + std::to_string(n) + ": to " + std::string(name(channel)) + ' ' +
         safe(recipient));
}

void Log::bounce_trouble() { alert("unable to append to bounce message; HELP! sleeping..."); }

void Log::warning(std::string_view text) { line("warning: " + std::string(text)); }

void Log::alert(std::string_view text) { line("alert: " + std::string(text)); }

void Log::line(std::string text)
{
    text += '\n';
    if (dropped_ > 0)
        text = "warning: " + std::to_string(dropped_) + " log lines were lost\n" + text;
    if (cut_short_) text = '\n' + text;
    if (write_now(text))
        dropped_ = 0;
    else
        ++dropped_;
}

// False: not all of it went out.
bool Log::write_now(std::string_view text)
{
    while (!text.empty()) {
        const auto count = grapnel::write_now(descriptor_, text.substr(0, piece));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        cut_short_ = text[static_cast<std::size_t>(count) - 1] != '\n';
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

}
