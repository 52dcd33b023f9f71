#include "local/delivery.hpp"

#include "base/forward_sender.hpp"
#include "base/sys/clock.hpp"
#include "base/sys/control.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "base/sys/signal.hpp"
#include "local/carried.hpp"
#include "local/command.hpp"
#include "local/dot_qmail.hpp"
#include "local/dot_qmail_file.hpp"
#include "local/forward.hpp"
#include "local/header_scan.hpp"
#include "local/maildir.hpp"
#include "local/mbox.hpp"
#include "local/options.hpp"
#include "local/owner_check.hpp"
#include "local/variables.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace grapnel::local {

namespace {

constexpr int message = 0;
constexpr std::uint64_t most_hops = 100;

struct Counts {
    unsigned files = 0, forwards = 0, programs = 0;
    pid_t queue_process = 0;
    std::string_view notices = {};   // who tells of a success
};

std::string words(const std::system_error& error)
{
    return std::string(reason(error.code().value())) + ". (#4.3.0)";
}

void rewind_message()
{
    if (::lseek(message, 0, SEEK_SET) != 0) throw Stop{111, "Unable to rewind message. (#4.3.0)"};
}

void say(const std::string& line)
{
    try {
        write_all(1, line);
    } catch (const std::system_error&) {
        // Whoever reads our reports is gone; the delivery counts all the same.
    }
}

void enter_home(const Options& options)
{
    try {
        change_directory(options.home);
    } catch (const std::system_error& error) {
        throw Stop{111, "Unable to switch to " + options.home + ": " + words(error)};
    }
    check_home(options.dry_run);
}

std::uint64_t hop_limit()
{
    try {
        return Control().integer("maxhops", most_hops);
    } catch (const std::system_error& error) {
        throw Stop{111, "Unable to read control/maxhops: " + words(error)};
    }
}

// Whether the header asks whose mailbox this is.
bool refuse_loops(const TraceLines& lines)
{
    rewind_message();
    HeaderScan scan(lines.delivered_to);
    try {
        Reader input(message, 65536);
        for (auto piece = input.available(); !piece.empty() && scan.take(piece);
             piece = input.available())
            input.consume(piece.size());
    } catch (const std::system_error& error) {
        throw Stop{111, "Unable to read message: " + words(error)};
    }
    if (scan.seen_here_before())
        throw Stop{100, "This message is looping: it already has my Delivered-To line. (#5.4.6)"};
    if (scan.hops() > hop_limit())
        throw Stop{100, "This message is looping: too many hops. (#5.4.6)"};
    return scan.asks_for_owner();
}

void ask_for_owner(const Options& options, const Environment& environment, bool header_asks,
                   const std::vector<Instruction>& instructions)
{
    const auto records = environment.get(records_variable).value_or("");
    if (!require_owner(options, records, header_asks) || !header_asks) return;
    const bool forwards =
        std::any_of(instructions.begin(), instructions.end(),
                    [](const auto& one) { return one.kind == Instruction::Kind::forward; });
    take_owner_fields_out(options, !forwards);
}

std::string description(const Instruction& instruction)
{
    switch (instruction.kind) {
    case Instruction::Kind::mbox:
        return "mbox " + instruction.argument + '\n';
    case Instruction::Kind::maildir:
        return "maildir " + instruction.argument + '\n';
    case Instruction::Kind::program:
        return "program " + instruction.argument + '\n';
    case Instruction::Kind::forward:
        break;
    }
    return "forward " + instruction.argument + '\n';
}

void count(const Instruction& instruction, Counts& counts)
{
    switch (instruction.kind) {
    case Instruction::Kind::mbox:
    case Instruction::Kind::maildir:
        ++counts.files;
        if (instruction.refused)
            throw Stop{111, "Uh-oh: .qmail has file delivery but has x bit set. (#4.7.0)"};
        break;
    case Instruction::Kind::program:
        ++counts.programs;
        if (instruction.refused)
            throw Stop{111, "Uh-oh: .qmail has prog delivery but has x bit set. (#4.7.0)"};
        break;
    case Instruction::Kind::forward:
        ++counts.forwards;
        break;
    }
}

Afterwards carry_out(const Instruction& instruction, const TraceLines& lines,
                     const Environment& environment)
{
    if (instruction.kind == Instruction::Kind::forward)
        return Afterwards::go_on;   // all of them last, together
    rewind_message();
    if (instruction.kind == Instruction::Kind::program)
        return run_command(instruction.operand(), message, environment);
    const std::string head = lines.return_path + lines.delivered_to;
    if (instruction.kind == Instruction::Kind::maildir)
        deliver_to_maildir(instruction.operand(), message, head);
    else
        deliver_to_mbox(instruction.operand(), message, lines.from + head);
    return Afterwards::go_on;
}

// To one address and nowhere else: it is an alias of that. A new sender: a list.
Onward onward_of(const Counts& counts, bool same_sender)
{
    if (!same_sender) return Onward::as_list;
    const bool alone = counts.forwards == 1 && counts.files == 0 && counts.programs == 0;
    return alone ? Onward::to_one : Onward::to_many;
}

Counts follow(const std::vector<Instruction>& instructions, const Options& options,
              const std::string& sender, const TraceLines& lines, const Environment& environment)
{
    const bool dry_run = options.dry_run;
    Counts counts;
    Envelope envelope{sender, {}};
    for (const auto& instruction : instructions) {
        count(instruction, counts);
        if (dry_run)
            say(description(instruction));
        else if (carry_out(instruction, lines, environment) == Afterwards::skip_the_rest)
            break;
        if (instruction.kind == Instruction::Kind::forward)
            envelope.recipients.push_back(instruction.operand());
    }
    if (dry_run || envelope.recipients.empty()) return counts;
    rewind_message();
    const auto onward = onward_of(counts, sender == options.sender);
    const auto records = environment.get(records_variable).value_or("");
    envelope.extensions = carried_on(records, onward, envelope.recipients.size());
    counts.notices = report_line(records, onward);
    envelope.sender = forward_sender(envelope.sender);
    counts.queue_process = forward(envelope, message, lines.delivered_to, environment);
    return counts;
}

bool all_maildirs(const std::vector<Instruction>& instructions)
{
    return std::all_of(instructions.begin(), instructions.end(), [](const auto& instruction) {
        return instruction.kind == Instruction::Kind::maildir;
    });
}

// What is to be said of a success; nullopt: only_maildirs, and it is more.
std::optional<std::string> deliver_as_told(const Options& options, bool only_maildirs)
{
    enter_home(options);
    const TraceLines lines = trace_lines(options, SystemClock().now());
    const bool header_asks = !options.dry_run && refuse_loops(lines);
    Environment environment = Environment::of_process();
    set_variables(environment, options, lines);

    auto file = find_dot_qmail(options);
    if (file && file->rest) environment.set("DEFAULT", *file->rest);
    const std::string sender = forwarding_sender(options);
    environment.set("NEWSENDER", sender);
    if (!file || file->text.empty()) file = DotQmailFile{options.fallback, false, {}};
    const auto instructions = parse_dot_qmail(file->text, file->forward_only);
    if (!instructions) throw Stop{111, instructions.error().text};
    if (only_maildirs && !all_maildirs(*instructions)) return std::nullopt;

    if (!options.dry_run) ask_for_owner(options, environment, header_asks, *instructions);
    const Counts counts = follow(*instructions, options, sender, lines, environment);
    return "did " + std::to_string(counts.files) + '+' + std::to_string(counts.forwards) + '+' +
           std::to_string(counts.programs) + '\n' +
           (counts.queue_process ? "qp " + std::to_string(counts.queue_process) + '\n' : "") +
           std::string(counts.notices);
}

std::optional<std::string> deliver(const std::vector<std::string>& arguments, bool only_maildirs)
{
    const auto options = parse_options(arguments);
    if (!options) throw Stop{100, options.error().text};
    try {
        return deliver_as_told(*options, only_maildirs);
    } catch (const std::bad_alloc&) {
        throw Stop{111, "Out of memory. (#4.3.0)"};
    } catch (const std::system_error& error) {
        throw Stop{111, std::string(error.what()) + ". (#4.3.0)"};
    }
}

}

void prepare_to_deliver()
{
    row::qmail_local();
    ::umask(077);
    ignore_signal(SIGPIPE);
    ignore_signal(SIGXFSZ);
}

int deliver(const std::vector<std::string>& arguments)
{
    prepare_to_deliver();
    say(deliver(arguments, false).value_or(""));
    return 0;
}

std::optional<std::string> deliver_to_maildirs(const std::vector<std::string>& arguments)
{
    return deliver(arguments, true);
}

}
