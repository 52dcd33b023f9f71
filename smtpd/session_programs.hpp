// What a session keeps for its plugins and recipient checks; nothing where none is configured.
#pragma once

#include "smtpd/answer.hpp"
#include "smtpd/command.hpp"
#include "smtpd/parameters.hpp"
#include "smtpd/plugins.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace grapnel::smtpd {

struct SessionPrograms {
    // The command under way is theirs to judge, too.
    std::optional<PluginEvent> event;
    // A recipient whom our own rules refuse: a plugin may say yes to him.
    struct Refused {
        Path path;
        Parameters parameters;
        bool by_rcpthosts = false;
    };
    std::optional<Refused> refused;

    bool off = false;                                              // A
    std::map<std::string, std::optional<std::string>> variables;   // set, or taken away
    std::map<PluginEvent, std::string> later;                      // L: what is said then
    std::string headers;                                           // H, lines
    std::string user;                                              // who is about to be logged in
    std::size_t accepted = 0, asked = 0;                           // recipients
};

}
