// Local deliveries: for each one finds the user, becomes him and runs qmail-local. The only daemon
// that stays root; it reads no message.

#include "base/mail/address.hpp"
#include "base/sys/account.hpp"
#include "base/sys/build_id.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/own_code.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "base/sys/signal.hpp"
#include "base/sys/spawn.hpp"
#include "local/carried.hpp"
#include "local/delivery.hpp"
#include "local/exit_code.hpp"
#include "local/lookup.hpp"
#include "local/report.hpp"
#include "queue/spawner.hpp"

#include "build_config.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>
#include <new>
#include <optional>
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
    std::optional<OwnCode> own_code;   // none: qmail-local was named to us, and is executed

    Child start(const queue::Job& job, int message, int output);
    int deliver(const queue::Job& job, int message, int output) const;   // in the child
    std::vector<std::string> with_records(const queue::Job& job) const;
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

// As exec would leave it: message is 0, output 1 and 2, all else of ours is closed, signals do what
// they do by default. What we knew as root is not for this user's debugger. False: this kernel
// cannot.
bool clear_up(int message, int output)
{
    default_signals();
    ::prctl(PR_SET_NAME, "qmail-local", 0, 0, 0);
    return ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && ::dup2(message, 0) == 0 &&
           ::dup2(output, 1) == 1 && ::dup2(output, 2) == 2 && ::close_range(3, ~0u, 0) == 0;
}

std::vector<std::string> Lspawn::with_records(const queue::Job& job) const
{
    auto entries = environment;
    if (job.records && !job.records->empty())
        entries.push_back(std::string(local::records_variable) + '=' + *job.records);
    return entries;
}

int Lspawn::deliver(const queue::Job& job, int message, int output) const
{
    const auto address = split_address(job.recipient);
    const std::string local(address.local);
    if (local.empty()) return 0;   // mail to "@host" vanishes: quirk 14 of the contract
    try {
        change_directory(home());
    } catch (const std::system_error&) {
        throw Stop{local::exit_code::usage};
    }
    const User user = find_user(*this, local);
    const std::string domain(address.domain);
    become_user(user);
    const std::vector<std::string> arguments{program,    "--",      user.name,      user.home,
                                             local,      user.dash, user.extension, domain,
                                             job.sender, fallback};
    if (job.records && !job.records->empty())
        ::setenv(local::records_variable, job.records->c_str(), 1);
    const bool ours = own_code && own_code->is_in_file() && ::access(program.c_str(), X_OK) == 0;
    if (ours && clear_up(message, output))
        return run("", [&] { return local::deliver(arguments); });
    execute({.path = program,
             .arguments = arguments,
             .environment = with_records(job),
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
    if (own_code) own_code->refresh();
    return fork_child([&]() -> int {
        try {
            return deliver(job, message, output);
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
    Environment environment = Environment::of_process();
    environment.unset(local::records_variable);
    ::unsetenv(local::records_variable);
    const auto named = environment.get("QMAILLOCAL");
    Lspawn lspawn{argv[1],
                  named.value_or("bin/qmail-local"),
                  environment.entries(),
                  UserTable(home() + "/users/cdb"),
                  Getpw(home(), role_identity(Role::password), environment),
                  {}};
    if (!named) lspawn.own_code.emplace(home() + "/bin/qmail-local", id_of_qmail_local);
    row::qmail_lspawn();
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
