// Lets a user's mail be fetched by POP3 from his Maildir. qmail-pop3d(8).
#include "base/sys/file.hpp"
#include "base/sys/log.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "base/sys/signal.hpp"
#include "local/tools/pop3_session.hpp"

#include <unistd.h>

#include <csignal>
#include <new>
#include <system_error>

using namespace grapnel;
using namespace grapnel::local;

namespace {

constexpr std::chrono::seconds patience{1200};

[[noreturn]] void give_up(Dialogue& client, std::string_view text)
{
    client.say("-ERR " + std::string(text) + "\r\n");
    client.flush();
    throw Stop{0};
}

std::vector<MaildirMessage> read_maildir(Dialogue& client, const char* maildir)
{
    if (!maildir || ::chdir(maildir) != 0) give_up(client, "this user has no $HOME/Maildir");
    row::qmail_pop3d();
    remove_stale_files();
    try {
        return list_maildir({"new", "cur"});
    } catch (const std::system_error&) {
        give_up(client, "unable to scan $HOME/Maildir");
    } catch (const std::bad_alloc&) {
        give_up(client, "out of memory");
    }
}

}

int main(int, char** words)
{
    return run("qmail-pop3d", [&] {
        ensure_standard_descriptors();
        ignore_signal(SIGPIPE);
        if (::getuid() == 0) {
            log_line(2, "qmail-pop3d invoked as uid 0, terminating");
            return 1;
        }
        Dialogue client(0, 1, patience);
        try {
            Pop3Session(client, read_maildir(client, words[1])).run();
        } catch (const ClientGone&) {
            // All his mail stays as it is.
        }
        return 0;
    });
}
