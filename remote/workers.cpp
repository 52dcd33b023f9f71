#include "remote/workers.hpp"

#include "base/mail/address.hpp"
#include "remote/report.hpp"

#include <string>

namespace grapnel::remote {

namespace {

constexpr int not_run_later = 111, not_run_ever = 100;

Child start(const std::string& program, const queue::Job& job, int message, int output)
{
    Command command;
    command.path = program;
    command.search_path = true;
    command.arguments = {program, std::string(split_address(job.recipient).domain), job.sender,
                         job.recipient};
    command.descriptors = {{0, message}, {1, output}, {2, output}};
    command.exec_failed_later = not_run_later;
    command.exec_failed_never = not_run_ever;
    return spawn(command);
}

queue::Outcome judge(const Ending& ending, std::string_view output)
{
    if (ending.crashed) return {'Z', "qmail-remote crashed.\n"};
    if (ending.code == not_run_later) return {'Z', "Unable to run qmail-remote.\n"};
    if (ending.code != 0) return {'D', "Unable to run qmail-remote.\n"};
    if (output.empty()) return {'Z', "qmail-remote produced no output.\n"};
    auto [letter, text] = digest(output);
    return {letter, std::move(text)};
}

}

queue::Spawning one_process_each(const Environment& environment)
{
    const std::string program = environment.get("QMAILREMOTE").value_or("qmail-remote");
    queue::Spawning spawning;
    spawning.start = [program](const queue::Job& job, int message, int output) {
        return start(program, job, message, output);
    };
    spawning.report = judge;
    return spawning;
}

}
