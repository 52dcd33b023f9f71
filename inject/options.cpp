#include "inject/options.hpp"

#include "base/arguments.hpp"
#include "inject/report_wishes.hpp"

#include <initializer_list>

namespace grapnel::inject {

namespace {

std::optional<std::string> first_of(const Environment& environment,
                                    std::initializer_list<const char*> names)
{
    for (const auto* name : names)
        if (auto value = environment.get(name)) return value;
    return std::nullopt;
}

void read_letters(Options& options, const std::string& letters)
{
    for (const char letter : letters) switch (letter) {
        case 'c':
            options.name_as_comment = true;
            break;
        case 's':
            options.ignore_return_path = true;
            break;
        case 'f':
            options.ignore_from = true;
            break;
        case 'i':
            options.ignore_message_id = true;
            break;
        case 'r':
            options.verp_per_recipient = true;
            break;
        case 'm':
            options.verp_per_message = true;
            break;
        default:
            break;
        }
}

void read_variables(Options& options, const Environment& environment)
{
    read_letters(options, environment.get("QMAILINJECT").value_or(""));
    options.host = first_of(environment, {"QMAILHOST", "MAILHOST"});
    options.envelope_host = first_of(environment, {"QMAILSHOST", "QMAILHOST", "MAILHOST"});
    options.user =
        first_of(environment, {"QMAILUSER", "MAILUSER", "USER", "LOGNAME"}).value_or("anonymous");
    options.envelope_user = environment.get("QMAILSUSER").value_or(options.user);
    options.full_name = first_of(environment, {"QMAILNAME", "MAILNAME", "NAME"});
    // sendmail has checked them; from elsewhere they may be anything.
    options.notify = environment.get(notify_variable);
    options.ret = environment.get(ret_variable);
    options.envelope_id = environment.get(envelope_id_variable);
    if (options.notify && !is_notify(*options.notify)) options.notify.reset();
    if (options.ret && !is_ret(*options.ret)) options.ret.reset();
    if (options.envelope_id && !is_envelope_id(*options.envelope_id)) options.envelope_id.reset();
}

}

Result<Options> read_options(const std::vector<std::string>& words, const Environment& environment)
{
    Options options;
    read_variables(options, environment);
    Arguments arguments(words, "aAhHnNf:");
    while (const auto letter = arguments.next()) switch (*letter) {
        case 'a':
            options.recipients_from = RecipientsFrom::arguments;
            break;
        case 'A':
            options.recipients_from = RecipientsFrom::arguments_or_header;
            break;
        case 'h':
            options.recipients_from = RecipientsFrom::header;
            break;
        case 'H':
            options.recipients_from = RecipientsFrom::both;
            break;
        case 'n':
            options.queue = false;
            break;
        case 'N':
            options.queue = true;
            break;
        case 'f':
            options.senders.push_back(arguments.value());
            break;
        default:
            return permanent(arguments.complaint());
        }
    options.recipients = arguments.rest();
    return options;
}

}
