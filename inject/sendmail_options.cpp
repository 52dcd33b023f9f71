#include "inject/sendmail_options.hpp"

#include "base/arguments.hpp"
#include "inject/report_wishes.hpp"

namespace grapnel::inject {

namespace {

using Action = SendmailOptions::Action;

constexpr const char* usage =
    "sendmail: usage: sendmail [ -t ] [ -fsender ] [ -Fname ] [ -bp ] [ -bs ] [ arg ... ]";

// With a value: what classic qmail takes (B e o p), then what sendmail(8) had besides. Values that
// may be missing (E J d q) are handled below.
constexpr const char* letters = "vimtxnGUEJdqe:f:r:p:o:B:F:b:N:R:V:O:L:C:A:h:X:";

Result<> read_mode(SendmailOptions& options, const std::string& mode)
{
    switch (mode[0]) {
    case 'm':
        return {};
    case 'p':
        options.action = Action::print_queue;
        return {};
    case 's':
        options.action = Action::smtp;
        return {};
    default:
        return permanent(usage);
    }
}

Result<> read_wish(std::optional<std::string>& wish, const std::string& value, bool valid,
                   char letter)
{
    if (!valid)
        return permanent(std::string("sendmail: fatal: invalid value of -") + letter + ": " +
                         value);
    wish = value;
    return {};
}

}

Result<SendmailOptions> read_sendmail_options(const std::vector<std::string>& words)
{
    SendmailOptions options;
    Arguments arguments(words, letters);
    bool run_queue = false;
    while (const auto letter = arguments.next()) {
        const auto& value = arguments.value();
        Result<> done;
        switch (*letter) {
        case 't':
            options.recipients_from_header = true;
            break;
        case 'f':
        case 'r':
            // As bounces and automatic answers write the null sender for other sendmails.
            options.sender = value == "<>" ? std::string() : value;
            break;
        case 'F':
            options.full_name = value;
            break;
        case 'N':
            done = read_wish(options.notify, value, is_notify(value), 'N');
            break;
        case 'R':
            done = read_wish(options.ret, value, is_ret(value), 'R');
            break;
        case 'V':
            done = read_wish(options.envelope_id, value, is_envelope_id(value), 'V');
            break;
        case 'b':
            done = read_mode(options, value);
            if (done && options.action != Action::inject) return options;
            break;
        case 'q':
            run_queue = true;
            [[fallthrough]];
        case 'd':
        case 'E':
        case 'J':
            arguments.take_rest_of_word();
            break;
        case '?':
            return permanent(arguments.complaint() + '\n' + usage);
        default:
            break;   // said for other mail systems; means nothing here
        }
        if (!done) return done.error();
    }
    options.recipients = arguments.rest();
    const std::string name = program_name(words.empty() ? std::string() : words[0]);
    if (name == "mailq")
        options.action = Action::print_queue;
    else if (name == "newaliases")
        options.action = Action::new_aliases;
    else if (run_queue && options.recipients.empty() && !options.recipients_from_header)
        options.action = Action::nothing;
    return options;
}

}
