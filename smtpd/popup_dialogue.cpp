#include "smtpd/popup_dialogue.hpp"

#include "base/mail/pop3_command.hpp"

namespace grapnel::smtpd {

namespace {

constexpr std::string_view okay = "+OK \r\n", bad_syntax = "-ERR syntax error\r\n";

// "joe 0123…": the name ends at the first blank; the digest is all that follows.
std::optional<Credentials> split_apop(const std::string& argument)
{
    const auto blank = argument.find(' ');
    if (blank == std::string::npos) return std::nullopt;
    return Credentials{argument.substr(0, blank), argument.substr(blank + 1)};
}

}

std::optional<Credentials> ask_credentials(Dialogue& client, std::string_view banner)
{
    client.say("+OK " + std::string(banner) + "\r\n");
    std::optional<std::string> user;
    for (;;) {
        const auto line = client.line();
        const auto command = line ? parse_pop3_command(*line) : std::nullopt;
        if (!command) {
            client.say(bad_syntax);
        } else if (command->word == "user") {
            if (!command->argument.empty()) user = command->argument;
            client.say(command->argument.empty() ? bad_syntax : okay);
        } else if (command->word == "pass") {
            if (user && !command->argument.empty()) return Credentials{*user, command->argument};
            client.say(user ? bad_syntax : "-ERR USER first\r\n");
        } else if (command->word == "apop") {
            if (auto credentials = split_apop(command->argument)) return credentials;
            client.say(bad_syntax);
        } else if (command->word == "noop") {
            client.say(okay);
        } else if (command->word == "capa") {
            client.say(pop3_capabilities);
        } else if (command->word == "quit") {
            client.say(okay);
            client.flush();
            return std::nullopt;
        } else {
            client.say("-ERR authorization first\r\n");
        }
    }
}

}
