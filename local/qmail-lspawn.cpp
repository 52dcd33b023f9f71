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
#include "local/regular.hpp"
#include "local/regulars.hpp"
#include "local/report.hpp"
#include "queue/spawner.hpp"

#include "build_config.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace {

using namespace grapnel;
using namespace grapnel::local;

constexpr std::size_t sender_argument = 8;   // of qmail-local

struct Lspawn {
    std::string fallback;   // instructions for users without a .qmail file
    std::string program;    // qmail-local
    std::vector<std::string> environment;
    UserTable users;
    Getpw getpw;
    std::optional<OwnCode> own_code;   // none: qmail-local was named to us, and is executed

    void refresh();
    std::uint64_t edition();
    Child start(const queue::Job& job, int message, int output);
    Child fork_for(const std::function<int()>& work) const;

    // In the child.
    int deliver(const queue::Job& job, int message, int output) const;
    int serve_regular(const std::string& recipient, int socket) const;
    std::vector<std::string> become_recipient(const std::string& recipient) const;
    bool is_ours() const;
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

// As exec would leave it: those descriptors, {number, ours}, from 0 on, all else of ours is closed,
// signals do what they do by default. What we knew as root is not for this user's debugger. False:
// this kernel cannot.
bool clear_up(const std::vector<std::pair<int, int>>& descriptors)
{
    default_signals();
    ::prctl(PR_SET_NAME, "qmail-local", 0, 0, 0);
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return false;
    for (const auto& [number, ours] : descriptors)
        if (::dup2(ours, number) != number) return false;
    return ::close_range(static_cast<unsigned>(descriptors.size()), ~0u, 0) == 0;
}

std::vector<std::string> Lspawn::with_records(const queue::Job& job) const
{
    auto entries = environment;
    if (job.records && !job.records->empty())
        entries.push_back(std::string(local::records_variable) + '=' + *job.records);
    return entries;
}

// Finds the user and becomes him. Returns qmail-local's arguments but for the sender; none: mail to
// "@host" vanishes (quirk 14 of the contract).
std::vector<std::string> Lspawn::become_recipient(const std::string& recipient) const
{
    const auto address = split_address(recipient);
    const std::string local(address.local), domain(address.domain);
    if (local.empty()) return {};
    try {
        change_directory(home());
    } catch (const std::system_error&) {
        throw Stop{local::exit_code::usage};
    }
    const User user = find_user(*this, local);
    become_user(user);
    return {program,   "--",           user.name, user.home, local,
            user.dash, user.extension, domain,    {},        fallback};
}

// As the user.
bool Lspawn::is_ours() const
{
    return own_code && own_code->is_in_file() && ::access(program.c_str(), X_OK) == 0;
}

int Lspawn::deliver(const queue::Job& job, int message, int output) const
{
    auto arguments = become_recipient(job.recipient);
    if (arguments.empty()) return 0;
    arguments[sender_argument] = job.sender;
    if (job.records && !job.records->empty())
        ::setenv(local::records_variable, job.records->c_str(), 1);
    if (is_ours() && clear_up({{0, message}, {1, output}, {2, output}}))
        return run("", [&] { return local::deliver(arguments); });
    execute({.path = program,
             .arguments = arguments,
             .environment = with_records(job),
             .descriptors = {{0, message}, {1, output}, {2, output}},
             .exec_failed_later = local::exit_code::exec_later,
             .exec_failed_never = local::exit_code::exec_never});
}

// Says nothing: who gets no reply asks a process of its own.
int Lspawn::serve_regular(const std::string& recipient, int socket) const
{
    auto arguments = become_recipient(recipient);
    if (arguments.empty() || !is_ours()) return local::exit_code::exec_never;
    const Fd nothing = open_file("/dev/null", O_RDWR);
    const int own = 3;
    if (!clear_up({{0, nothing.get()}, {1, nothing.get()}, {2, nothing.get()}, {own, socket}}))
        return local::exit_code::exec_never;
    return local::serve_regular(own, std::move(arguments));
}

// What is known is brought up to date here and used in the child: it is read once, and a damaged
// table or a name service that hangs harms one delivery.
void Lspawn::refresh()
{
    users.refresh();
    getpw.refresh();
    if (own_code) own_code->refresh();
}

std::uint64_t Lspawn::edition()
{
    refresh();
    return own_code && own_code->is_in_file() ? 1 + users.edition() + getpw.edition() : 0;
}

Child Lspawn::fork_for(const std::function<int()>& work) const
{
    return fork_child([&]() -> int {
        try {
            return work();
        } catch (const Stop& stop) {
            return stop.exit_code;
        } catch (const std::bad_alloc&) {
            return local::exit_code::memory;
        } catch (const std::exception&) {
            return local::exit_code::system;
        }
    });
}

Child Lspawn::start(const queue::Job& job, int message, int output)
{
    refresh();
    return fork_for([&] { return deliver(job, message, output); });
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
    std::optional<Regulars> regulars;
    if (lspawn.own_code)
        regulars.emplace([&] { return lspawn.edition(); },
                         [&](const std::string& recipient, int socket) {
                             return lspawn.fork_for(
                                 [&] { return lspawn.serve_regular(recipient, socket); });
                         });
    const queue::Spawning spawning{
        .start = [&](const queue::Job& job, int message,
                     int output) { return lspawn.start(job, message, output); },
        .report = report,
        .output_limit = longest_output + 1,
        .carrier = regulars ? &*regulars : nullptr,
    };
    queue::serve(spawning, queue_owner, build::spawn);
    return 0;
}

}

int main(int argc, char** argv)
{
    return run("", [&] { return serve_deliveries(argc, argv); });
}
