// What qmail-inject was asked to do: its arguments and variables as one value. qmail-inject(8).
// Pure.
#pragma once

#include "base/mail/extension.hpp"
#include "base/result.hpp"
#include "base/sys/environment.hpp"

#include <optional>
#include <string>
#include <vector>

namespace grapnel::inject {

enum class RecipientsFrom { arguments_or_header, arguments, header, both };

struct Options {
    RecipientsFrom recipients_from = RecipientsFrom::arguments_or_header;
    bool queue = true;                  // else the message goes to standard output
    std::vector<std::string> senders;   // each -f; the last one counts, but all must make sense
    std::vector<std::string> recipients;

    // QMAILINJECT
    bool name_as_comment = false;
    bool ignore_return_path = false, ignore_from = false, ignore_message_id = false;
    bool verp_per_recipient = false, verp_per_message = false;

    // Who is writing.
    std::string user = "anonymous", envelope_user = "anonymous";
    std::optional<std::string> host, envelope_host, full_name;

    // Wishes about delivery reports (RFC 3461), handed on by sendmail.
    std::optional<std::string> notify, ret, envelope_id;

    bool use_arguments() const { return recipients_from != RecipientsFrom::header; }
    bool use_header() const
    {
        return recipients_from == RecipientsFrom::header ||
               recipients_from == RecipientsFrom::both ||
               (recipients_from == RecipientsFrom::arguments_or_header && recipients.empty());
    }
};

// The failure's text is the whole line for descriptor 2.
Result<Options> read_options(const std::vector<std::string>& words, const Environment& environment);

}
