#include "local/tools/requeue.hpp"

#include "base/forward_sender.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/sys/signal.hpp"
#include "base/sys/trying.hpp"
#include "local/carried.hpp"
#include "queue/submission.hpp"

#include <csignal>

namespace grapnel::local {

namespace {

std::string required(const Environment& environment, const std::string& name)
{
    const auto value = environment.get(name);
    if (!value) throw Stop{100, "fatal: " + name + " not set"};
    return *value;
}

}

pid_t requeue(const Environment& environment, const std::string& sender_variable,
              const std::vector<std::string>& recipients)
{
    return requeue_from(environment, forward_sender(required(environment, sender_variable)),
                        recipients);
}

pid_t requeue_from(const Environment& environment, const std::string& sender,
                   const std::vector<std::string>& recipients)
{
    ignore_signal(SIGPIPE);
    const std::string head = required(environment, "DTLINE");
    auto submission = trying("unable to fork", [&] { return queue::Submission(environment); });
    submission.write(head);
    Reader input(0, 16384);
    for (;;) {
        const auto bytes = trying("unable to read message", [&] { return input.available(); });
        if (bytes.empty()) break;
        submission.write(bytes);
        input.consume(bytes.size());
    }
    const pid_t qp = submission.pid();
    // qmail-local reports what a program has done as delivered.
    const bool same_sender = environment.get("SENDER") == sender;
    const auto records = environment.get(records_variable).value_or("");
    const auto onward = same_sender ? Onward::to_many : Onward::as_list;
    const auto done =
        submission.finish({sender, recipients, carried_on(records, onward, recipients.size())});
    if (!done)
        throw Stop{done.error().retry == Retry::never ? 100 : 111, "fatal: " + done.error().text};
    return qp;
}

}
