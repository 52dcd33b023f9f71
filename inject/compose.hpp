// A header becomes a message's: missing fields are added, addresses completed, the envelope found.
// Fields come in one by one; the body is none of its business. qmail-header(5). Pure.
#pragma once

#include "base/mail/name_table.hpp"
#include "inject/completion.hpp"
#include "inject/options.hpp"

#include <ctime>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::inject {

struct Composition {
    std::string header;   // without the empty line that ends it
    std::string sender;
    std::vector<std::string> recipients;
};

class Composer {
public:
    struct Moment {
        std::time_t now;
        long pid;   // the two make Message-IDs and VERP senders unlike any others
    };

    Composer(const Options& options, Completion completion, std::string id_host, NameSet lists,
             Moment moment)
        : options_(options),
          completion_(std::move(completion)),
          id_host_(std::move(id_host)),
          lists_(std::move(lists)),
          moment_(moment)
    {
    }

    // The senders and recipients of the arguments. Failure texts here and below: what is said after
    // "qmail-inject: fatal: ".
    Result<> take_arguments();
    // A field with its continuation lines and LF; "From " lines of mailbox files too.
    Result<> add_field(std::string field);
    Result<Composition> finish();

private:
    bool seen(std::string_view name) const { return seen_.contains(name); }
    bool resent() const;
    bool is_unwanted(std::string_view name) const;
    Result<> rewrite_addresses(const struct KnownField& known, std::string& text);
    void note_address(const struct KnownField& known, const Tokens& address);

    Result<> set_default_sender();
    Result<std::string> default_from() const;
    Result<std::string> missing_fields() const;
    std::string message_id() const;
    std::string follow_up() const;

    const Options& options_;
    const Completion completion_;
    const std::string id_host_;
    const NameSet lists_;
    const Moment moment_;

    std::set<std::string, std::less<>> seen_;   // names in lower case
    std::string kept_;                          // the fields to be printed, as they came
    std::optional<std::string> sender_;
    std::vector<std::string> argument_recipients_, recipients_, resent_recipients_, to_and_cc_;
};

}
