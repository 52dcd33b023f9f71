// What a POP3 client is answered once he has been let in: RFC 1939 5 and 6, in the words of the
// original qmail-pop3d. The mailbox is the Maildir that is the current directory.
#pragma once

#include "base/mail/pop3_command.hpp"
#include "base/sys/dialogue.hpp"
#include "local/maildir_list.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::local {

class Pop3Session {
public:
    Pop3Session(Dialogue& client, std::vector<MaildirMessage> messages);
    void run();   // until QUIT. Throws ClientGone; then nothing has been deleted

private:
    struct Entry {
        MaildirMessage message;
        bool deleted = false;
    };
    struct Verb {
        std::string_view word;
        void (Pop3Session::*handle)(std::string_view argument);
    };
    static const Verb verbs[];

    void capa(std::string_view);
    void dele(std::string_view argument);
    void last(std::string_view);
    void list(std::string_view argument);
    void noop(std::string_view);
    void quit(std::string_view);
    void rset(std::string_view);
    void stat(std::string_view);
    void top(std::string_view argument);
    void uidl(std::string_view argument);

    void okay();
    void refuse(std::string_view text);
    std::optional<std::size_t> message_number(std::string_view& argument);
    void say_list(std::string_view argument, std::string (*line)(const MaildirMessage&));
    void send(int file, std::optional<std::uint64_t> body_lines);
    bool remove_deleted();
    void move_seen();

    Dialogue& client_;
    std::vector<Entry> entries_;
    std::size_t highest_ = 0;
    bool over_ = false;
};

}
