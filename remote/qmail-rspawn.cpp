// qmail-rspawn: deliveries to other hosts, as qmail-send asks for them on descriptor 0.
#include "base/sys/account.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "build_config.hpp"
#include "queue/spawner.hpp"
#include "remote/timeout_table.hpp"
#include "remote/workers.hpp"

#include <optional>
#include <system_error>

namespace {

using namespace grapnel;

// What was silent before the restart may answer now.
void forget_timeouts()
{
    try {
        remote::TimeoutTable("queue/lock/tcpto").clear();
    } catch (const std::system_error&) {
        // Without the table deliveries go on, only more slowly.
    }
}

}

int main()
{
    return run("qmail-rspawn", [] {
        change_directory(home());
        row::qmail_rspawn();
        const auto mess_owner = role_identity(Role::queue).uid;
        forget_timeouts();
        const auto environment = Environment::of_process();
        auto spawning = remote::one_process_each(environment);
        std::optional<remote::Workers> workers;
        if (!environment.has("QMAILREMOTE")) workers.emplace(environment);
        if (workers) spawning.carrier = &*workers;
        queue::serve(spawning, mess_owner, build::spawn);
        return 0;
    });
}
