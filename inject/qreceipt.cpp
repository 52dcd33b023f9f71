// Tells a sender who asked for it that his message has been delivered. qreceipt(1).
#include "base/arguments.hpp"
#include "base/mail/header.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/sys/signal.hpp"
#include "inject/address_list.hpp"
#include "queue/submission.hpp"

#include <csignal>
#include <optional>
#include <system_error>

using namespace grapnel;
using namespace grapnel::inject;

namespace {

constexpr std::size_t longest_header = 16u * 1024 * 1024;   // as for qmail-inject; the rest is body
constexpr const char* usage = "usage: qreceipt deliveryaddress";

struct Wish {
    bool asked = false;
    std::string message_id;   // the whole field
};

void take_field(Wish& wish, std::string field, const std::string& target)
{
    if (!field.ends_with('\n')) field += '\n';
    if (is_field(field, "Message-ID")) wish.message_id = field;
    if (!is_field(field, "Notice-Requested-Upon-Delivery-To")) return;
    auto tokens = tokenize(field_value(field));
    const auto list = tokens ? rewrite_list(std::move(*tokens),
                                            [&](const Tokens& address) {
                                                if (plain(address) == target) wish.asked = true;
                                            })
                             : std::nullopt;
    if (list) return;
    // The field brings its own line end.
    write_all(2, "qreceipt: fatal: unable to parse this: " + field, "standard error");
    throw Stop{100};
}

Wish read_header(const std::string& target)
{
    Wish wish;
    Reader input(0, 16384);
    HeaderSplitter header(longest_header, HeaderSplitter::FromLines::are_fields);
    for (;;) {
        auto bytes = input.available();
        const auto size = bytes.size();
        const auto step = size == 0 ? header.finish() : header.take(bytes);
        input.consume(size - bytes.size());
        if (step == HeaderSplitter::Step::field) take_field(wish, header.field(), target);
        if (step == HeaderSplitter::Step::end || step == HeaderSplitter::Step::too_long)
            return wish;
    }
}

std::string notice(const std::string& sender, const std::string& target, const Wish& wish)
{
    const std::string mailbox = quoted(sender);
    return "From: DELIVERY NOTICE SYSTEM <" + mailbox + ">\nTo: <" + mailbox +
           ">\nSubject: success notice\n\n"
           "Hi! This is the qreceipt program. Your message was delivered to the\n"
           "following address: " +
           target + ". Thanks for asking.\n" +
           (wish.message_id.empty() ? "" : "Your " + wish.message_id);
}

void send_notice(const Environment& environment, const std::string& sender, const std::string& text)
{
    std::optional<queue::Submission> submission;
    try {
        submission.emplace(environment);
    } catch (const std::system_error&) {
        throw Stop{111, "fatal: unable to fork"};
    }
    submission->write(text);
    const auto done = submission->finish({"", {sender}});
    if (done) return;
    if (done.error().retry == Retry::never) throw Stop{100, "fatal: permanent qmail-queue error"};
    throw Stop{111, "fatal: temporary qmail-queue error"};
}

int answer(const std::vector<std::string>& words)
{
    ignore_signal(SIGPIPE);
    const auto environment = Environment::of_process();
    const auto sender = environment.get("SENDER");
    if (words.size() < 2 || !sender) throw Stop{100, usage};
    Wish wish;
    try {
        wish = read_header(words[1]);
    } catch (const std::system_error&) {
        throw Stop{111, "fatal: read error"};
    }
    // Notices of bounces, and of bounces of these, would go round for ever.
    if (wish.asked && !sender->empty() && *sender != "#@[]")
        send_notice(environment, *sender, notice(*sender, words[1], wish));
    return 0;
}

}

int main(int count, char** words)
{
    return run("qreceipt", [&] { return answer(argument_words(count, words)); });
}
