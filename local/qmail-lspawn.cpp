// Local deliveries: for each one finds the user, becomes him and runs qmail-local. The only daemon
// that stays root; it reads no message.

#include "base/mail/address.hpp"
#include "base/sys/account.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/sys/spawn.hpp"
#include "local/exit_code.hpp"
#include "local/lookup.hpp"
#include "local/report.hpp"
#include "queue/spawner.hpp"

#include "build_config.hpp"

#include <unistd.h>

#include <new>
#include <string>
#include <system_error>
#include <vector>

namespace {

using namespace grapnel;
using namespace grapnel::local;

struct Lspawn {
    std::string fallback;   // instructions for users without a .qmail file
    std::string program;    // qmail-local
    std::vector<std::string> environment;
    UserTable users;
    Getpw getpw;

    Child start(const queue::Job& job, int message, int output);
    [[noreturn]] void deliver(const queue::Job& job, int message, int output) const;
};

User find_user(const Lspawn& lspawn, const std::string& local)
{
    if (auto user = lspawn.users.find(local)) return *user;
    return lspawn.getpw.find(local);
}

void become_user(const User& user)
{
    if (in_sandbox()) return;
    if (user.uid == 0) throw Stop{local::exit_code::root};
    try {
        become({user.uid, user.gid, {user.gid}});
    } catch (const std::system_error&) {
        throw Stop{local::exit_code::usage};
    }
    if (::getuid() == 0) throw Stop{local::exit_code::root};
}

void Lspawn::deliver(const queue::Job& job, int message, int output) const
{
    const auto address = split_address(job.recipient);
    const std::string local(address.local);
    if (local.empty()) throw Stop{0};   // mail to "@host" vanishes: quirk 14 of the contract
    try {
        change_directory(home());
    } catch (const std::system_error&) {
        throw Stop{local::exit_code::usage};
    }
    const User user = find_user(*this, local);
    const std::string domain(address.domain);
    become_user(user);
    execute({.path = program,
             .arguments = {program, "--", user.name, user.home, local, user.dash, user.extension,
                           domain, job.sender, fallback},
             .environment = environment,
             .descriptors = {{0, message}, {1, output}, {2, output}},
             .exec_failed_later = local::exit_code::exec_later,
             .exec_failed_never = local::exit_code::exec_never});
}

// What is known is brought up to date here and used in the child: it is read once, and a damaged
// table or a name service that hangs harms one delivery.
Child Lspawn::start(const queue::Job& job, int message, int output)
{
    users.refresh();
    getpw.refresh();
    return fork_child([&]() -> int {
        try {
            deliver(job, message, output);
        } catch (const Stop& stop) {
            return stop.exit_code;
        } catch (const std::bad_alloc&) {
            return local::exit_code::memory;
        } catch (const std::exception&) {
            return local::exit_code::system;
        }
    });
}

int serve_deliveries(int argc, char** argv)
{
    change_directory(home());
    if (argc < 2) return 100;
    const uid_t queue_owner = role_identity(Role::queue).uid;
    const Environment environment = Environment::of_process();
    Lspawn lspawn{argv[1], environment.get("QMAILLOCAL").value_or("bin/qmail-local"),
                  environment.entries(), UserTable(home() + "/users/cdb"),
                  Getpw(home(), role_identity(Role::password), environment)};
    const queue::Spawning spawning{
        .start = [&](const queue::Job& job, int message,
                     int output) { return lspawn.start(job, message, output); },
        .report = report,
        .output_limit = longest_output + 1,
    };
    queue::serve(spawning, queue_owner, build::spawn);
    return 0;
}

}

int main(int argc, char** argv)
{
    return run("", [&] { return serve_deliveries(argc, argv); });
}
