// qmail-hookd(8): calls scanners over HTTP for qmail-smtpd, qmail-send and qmail-inject. Descriptor
// 0 is its listening socket, as qmail-start gives it, else it listens at run/hookd by itself.
#include "base/net/loop.hpp"
#include "base/sys/account.hpp"
#include "base/sys/control.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/file.hpp"
#include "base/sys/limits.hpp"
#include "base/sys/local_socket.hpp"
#include "base/sys/log.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "base/sys/signal.hpp"
#include "build_config.hpp"
#include "hooks/hookd_socket.hpp"
#include "hooks/server/hookd_server.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace grapnel;

void log(std::string_view line) { log_line_now(2, "hookd: " + std::string(line)); }

// In an installation scripts/layout has made them.
void make_directories(const std::string& own)
{
    for (const auto& directory : {own, own + "/state", own + "/capture"})
        if (!status_if_there(directory)) make_directory(directory, 0700);
}

int serve()
{
    ignore_signal(SIGPIPE);
    ignore_signal(SIGXFSZ);
    ::umask(077);
    change_directory(home());
    const hooks::KnownUsers users{role_identity(Role::daemon).uid, role_identity(Role::send).uid,
                                  role_identity(Role::hooks).uid};
    const Fd listener = is_listening(0) ? duplicate(0) : hooks::listen_for_hookd(home());
    set_nonblocking(listener.get());
    become_if_root(Role::hooks);
    raise_to_hard_limit(Limit::descriptors);
    const std::string own = home() + "/hookd";
    make_directories(own);
    hooks::open_hookd(listener.get());
    row::qmail_hookd();   // before threads that look up hosts are made: they inherit it
    net::Loop loop;
    const auto name = "grapnel " + Control().line_or_me("helohost", "localhost");
    const auto begin = [&](const hooks::ScannerSettings& settings) {
        hooks::ScannerSurroundings around;
        around.name = name;
        around.version = build::version;
        around.state_file = own + "/state/" + settings.name;
        around.message_limit = Control().integer("databytes", 0);
        around.log = log;
        return hooks::make_scanner(loop.executor(), settings, std::move(around));
    };
    hooks::ScannerSet scanners(loop.executor(), home() + "/control", begin, log);
    return hooks::HookdServer(loop, listener.get(), users, {scanners, own, own + "/capture", log})
        .run();
}

}

int main(int argc, char**)
{
    return run("qmail-hookd", [&] {
        ensure_standard_descriptors();
        if (argc > 1) throw Stop{100, "usage: qmail-hookd"};
        return serve();
    });
}
