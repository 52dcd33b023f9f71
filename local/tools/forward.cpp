// Sends the message on, from NEWSENDER. forward(1).
#include "base/arguments.hpp"
#include "base/sys/program.hpp"
#include "local/tools/requeue.hpp"

using namespace grapnel;

int main(int count, char** words)
{
    return run("forward", [&]() -> int {
        auto recipients = argument_words(count, words);
        recipients.erase(recipients.begin());
        const auto qp = local::requeue(Environment::of_process(), "NEWSENDER", recipients);
        throw Stop{0, "qp " + std::to_string(qp)};
    });
}
