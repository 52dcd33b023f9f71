// The control files of AUTH and of what authenticated users may do: qmail-control(5).
#pragma once

#include "base/sys/control.hpp"
#include "queue/submission_helper.hpp"
#include "smtpd/credentials.hpp"
#include "smtpd/fixup/words.hpp"
#include "smtpd/sender_rights.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::smtpd {

// Programs that judge, by the control file that names each.
inline constexpr std::string_view password_judge = "checkpassword", token_judge = "checktoken",
                                  sender_judge = "checksender";

struct AuthConfig {
    std::vector<std::string> mechanisms;   // that the operator wants; not all may work
    unsigned tries = 3;                    // wrong ones in a session
    bool in_clear = false;                 // also without TLS
    std::uint32_t max_failures = 30;       // of a client in an hour; 0: no limit
    std::size_t judges = 20;               // at once
    bool judges_passwords = false, judges_tokens = false, judges_senders = false;

    std::optional<Credentials> credentials;
    bool broken = false;   // the table of credentials is there, but not fit to be used

    std::optional<SenderRights> rights;   // nullopt, and no judge: no check
    FixupWords fixups;
    std::string default_host;                             // of addresses without one
    std::uint32_t max_messages = 0, max_recipients = 0;   // of a user in an hour; 0: no limit
};

// Throws as load_config.
AuthConfig read_auth(const Control& control, const std::string& me,
                     std::vector<std::string>& complaints);
const std::vector<std::string>& auth_files();   // what it reads

// checker: of the command line; where it is given it judges passwords.
queue::JudgeRule judge_rule(std::vector<std::string> checker);

}
