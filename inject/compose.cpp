#include "inject/compose.hpp"

#include "base/mail/date.hpp"
#include "base/mail/header.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace grapnel::inject {

enum class Holds { nothing, writers, return_path, to, recipients, resent_recipients };

struct KnownField {
    std::string_view name;
    Holds holds = Holds::nothing;
    bool removed = false;
};

namespace {

constexpr KnownField known_fields[] = {
    {"sender", Holds::writers},
    {"from", Holds::writers},
    {"reply-to", Holds::writers},
    {"return-receipt-to", Holds::writers},
    {"errors-to", Holds::writers},
    {"return-path", Holds::return_path, true},
    {"to", Holds::to},
    {"cc", Holds::to},
    {"bcc", Holds::recipients, true},
    {"apparently-to", Holds::recipients},
    {"resent-sender", Holds::writers},
    {"resent-from", Holds::writers},
    {"resent-reply-to", Holds::writers},
    {"resent-to", Holds::resent_recipients},
    {"resent-cc", Holds::resent_recipients},
    {"resent-bcc", Holds::resent_recipients, true},
    {"date"},
    {"message-id"},
    {"resent-date"},
    {"resent-message-id"},
    {"mail-followup-to"},
    {"content-length", Holds::nothing, true},   // it would not be true any more
};

// Any of these makes the message a resent one.
constexpr std::string_view resent_fields[] = {
    "resent-sender", "resent-from", "resent-reply-to", "resent-to",
    "resent-cc",     "resent-bcc",  "resent-date",     "resent-message-id"};

constexpr std::string_view no_recipients = "Cc: recipient list not shown: ;\n";

const KnownField* find_known(std::string_view name)
{
    for (const auto& known : known_fields)
        if (equal_ignoring_case(known.name, name)) return &known;
    return nullptr;
}

// Envelopes and qmail's own strings end at a NUL.
std::string until_nul(std::string text)
{
    text.resize(std::min(text.find('\0'), text.size()));
    return text;
}

std::string field_line(std::string_view name, Tokens value)
{
    value.insert(value.begin(), {{Token::Kind::atom, std::string(name)}, {Token::Kind::colon}});
    return print(value) + '\n';
}

Tokens mailbox(Token user, const std::optional<std::string>& host)
{
    Tokens tokens{std::move(user)};
    if (host) tokens.insert(tokens.end(), {{Token::Kind::at}, {Token::Kind::atom, *host}});
    return tokens;
}

// Tokens made of variables hold whole texts; printed and read again they are what they look like.
std::optional<Tokens> rewrite_printed(const Tokens& tokens, const Rewrite& rewrite)
{
    auto parsed = tokenize(print(tokens));
    return parsed ? rewrite_list(std::move(*parsed), rewrite) : std::nullopt;
}

}

Result<> Composer::take_arguments()
{
    for (const auto& sender : options_.senders) {
        auto address = tokenize(quoted(sender));
        if (!address) return unparsable(quoted(sender));
        completion_.complete(*address);
        sender_ = plain(*address);
    }
    if (!options_.use_arguments()) return {};
    for (const auto& recipient : options_.recipients) {
        auto address = tokenize(quoted(recipient));
        if (!address) return permanent("unable to parse address: " + recipient + '\n');
        completion_.complete(*address);
        argument_recipients_.push_back(plain(*address));
    }
    return {};
}

bool Composer::is_unwanted(std::string_view name) const
{
    return (options_.ignore_from && equal_ignoring_case(name, "from")) ||
           (options_.ignore_message_id && equal_ignoring_case(name, "message-id")) ||
           (options_.ignore_return_path && equal_ignoring_case(name, "return-path"));
}

Result<> Composer::add_field(std::string field)
{
    if (!field.ends_with('\n')) field += '\n';
    const auto name = field_name(field);
    if (!name || field.starts_with("From ")) {   // the line above a message in a mailbox file
        kept_ += "MBOX-Line: " + field;
        return {};
    }
    if (is_unwanted(*name)) return {};
    const auto* known = find_known(*name);
    if (known) {
        seen_.emplace(known->name);
        if (auto done = rewrite_addresses(*known, field); !done) return done;
    }
    if (!known || !known->removed) kept_ += field;
    return {};
}

Result<> Composer::rewrite_addresses(const KnownField& known, std::string& text)
{
    if (known.holds == Holds::nothing) return {};
    std::optional<Tokens> list = tokenize(field_value(text));
    if (list)
        list = rewrite_list(std::move(*list), [&](Tokens& address) {
            completion_.complete(address);
            note_address(known, address);
        });
    if (list) {
        text = field_line(*field_name(text), std::move(*list));
        return {};
    }
    // Recipients that make no sense to us may to others: as it is.
    const bool must_parse = known.holds == Holds::writers || known.holds == Holds::return_path;
    if (must_parse) return unparsable(text);
    return {};
}

void Composer::note_address(const KnownField& known, const Tokens& address)
{
    const std::string found = until_nul(plain(address));
    switch (known.holds) {
    case Holds::nothing:
    case Holds::writers:
        break;
    case Holds::return_path:
        if (!sender_) sender_ = until_nul(options_.verp_per_recipient ? found + "-@[]" : found);
        break;
    case Holds::to:
        to_and_cc_.push_back(found);
        [[fallthrough]];
    case Holds::recipients:
        recipients_.push_back(found);
        break;
    case Holds::resent_recipients:
        resent_recipients_.push_back(found);
        break;
    }
}

bool Composer::resent() const
{
    return std::any_of(std::begin(resent_fields), std::end(resent_fields),
                       [this](auto name) { return seen(name); });
}

Result<Composition> Composer::finish()
{
    if (!sender_)
        if (auto done = set_default_sender(); !done) return done.error();
    auto added = missing_fields();
    if (!added) return added.error();
    Composition composition{*added + kept_, *sender_, argument_recipients_};
    if (options_.use_header()) {
        const auto& more = resent() ? resent_recipients_ : recipients_;
        composition.recipients.insert(composition.recipients.end(), more.begin(), more.end());
    }
    return composition;
}

Result<> Composer::set_default_sender()
{
    std::string user = options_.envelope_user;
    if (options_.verp_per_message)
        user += '-' + std::to_string(moment_.now) + '.' + std::to_string(moment_.pid);
    if (options_.verp_per_recipient) user += '-';
    const auto tokens = mailbox({Token::Kind::quoted, user}, options_.envelope_host);
    static constexpr KnownField return_path{"return-path", Holds::return_path, true};
    const auto list = rewrite_printed(tokens, [&](Tokens& address) {
        completion_.complete(address);
        note_address(return_path, address);
    });
    if (!list) return unparsable(field_line("Return-Path", tokens));
    return {};
}

Result<std::string> Composer::default_from() const
{
    const auto& name = options_.full_name;
    const auto kind = needs_quotes(options_.user) ? Token::Kind::quoted : Token::Kind::atom;
    Tokens tokens = mailbox({kind, options_.user}, options_.host);
    if (name && options_.name_as_comment) {
        tokens.push_back({Token::Kind::comment, *name});
    } else if (name) {
        tokens.insert(tokens.begin(), {{Token::Kind::quoted, *name}, {Token::Kind::left}});
        tokens.push_back({Token::Kind::right});
    }
    auto list = rewrite_printed(tokens, [this](Tokens& address) { completion_.complete(address); });
    if (!list) return unparsable(field_line("From", tokens));
    return field_line("From", std::move(*list));
}

Result<std::string> Composer::missing_fields() const
{
    const bool again = resent();
    const std::string prefix = again ? "Resent-" : "";
    const auto missing = [&](std::string_view name) {
        return !seen(again ? "resent-" + std::string(name) : name);
    };
    std::string fields;
    if (missing("date")) fields += prefix + "Date: " + date_822(moment_.now) + '\n';
    if (missing("message-id")) fields += prefix + message_id();
    if (missing("from")) {
        auto from = default_from();
        if (!from) return from.error();
        fields += prefix + *from;
    }
    if (missing("to") && missing("cc")) fields.append(prefix).append(no_recipients);
    if (!again) fields += follow_up();
    return fields;
}

std::string Composer::message_id() const
{
    std::tm t{};
    ::gmtime_r(&moment_.now, &t);
    std::array<char, 80> stamp{};
    std::snprintf(stamp.data(), stamp.size(), "%d%02d%02d%02d%02d%02d.%ld.qmail@", t.tm_year + 1900,
                  t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, moment_.pid);
    return std::string("Message-ID: <") + stamp.data() + id_host_ + ">\n";
}

// Answers to mail that goes to one of our lists should not go to us as well.
std::string Composer::follow_up() const
{
    const auto is_list = [this](const std::string& address) { return lists_.contains(address); };
    if (seen("mail-followup-to") || std::none_of(to_and_cc_.begin(), to_and_cc_.end(), is_list))
        return {};
    std::vector<std::string> all;
    for (auto address = to_and_cc_.rbegin(); address != to_and_cc_.rend(); ++address)
        all.push_back(quoted(*address));
    return "Mail-Followup-To: " + join(all, ",\n  ") + '\n';
}

}
