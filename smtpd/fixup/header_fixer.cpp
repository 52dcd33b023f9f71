#include "smtpd/fixup/header_fixer.hpp"

#include "base/mail/date.hpp"
#include "base/text.hpp"
#include "smtpd/fixup/mailboxes.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace grapnel::smtpd {

namespace {

constexpr std::array<std::string_view, 12> address_fields{
    "from",        "to",        "cc",        "reply-to",        "sender",     "bcc",
    "resent-from", "resent-to", "resent-cc", "resent-reply-to", "resent-bcc", "resent-sender"};

std::string name_of(const std::string& field)
{
    const auto name = field_name(field);
    return name ? lower(*name) : std::string();
}

}

void HeaderFixer::take(std::string_view bytes, std::string& out)
{
    while (!in_body_ && !too_long_ && !bytes.empty()) {
        switch (splitter_.take(bytes)) {
        case HeaderSplitter::Step::more:
            return;
        case HeaderSplitter::Step::field:
            held_ += splitter_.field().size();
            too_long_ = held_ > longest_header;
            if (!too_long_) fields_.push_back(splitter_.field());
            break;
        case HeaderSplitter::Step::too_long:
            too_long_ = true;
            break;
        case HeaderSplitter::Step::end:
            end_header(out);
            break;
        }
    }
    if (in_body_) out += bytes;
}

bool HeaderFixer::finish(std::string& out)
{
    while (!in_body_ && !too_long_) {
        switch (splitter_.finish()) {
        case HeaderSplitter::Step::field:
            fields_.push_back(splitter_.field());
            if (!fields_.back().ends_with('\n')) fields_.back() += '\n';
            break;
        case HeaderSplitter::Step::end:
            end_header(out);
            break;
        case HeaderSplitter::Step::more:
        case HeaderSplitter::Step::too_long:
            too_long_ = true;
            break;
        }
    }
    return !too_long_;
}

// The names that h= lists, a name as often as it likes (RFC 6376 3.5).
void HeaderFixer::note_signature(const std::string& field)
{
    const auto value = field_value(field);
    for (const auto tag : split(value, ';')) {
        const auto equals = tag.find('=');
        if (equals == std::string_view::npos || trim(tag.substr(0, equals)) != "h") continue;
        std::string names(tag.substr(equals + 1));
        std::erase_if(names, [](unsigned char c) { return std::isspace(c) != 0; });
        for (const auto name : split(names, ':')) signed_.insert(lower(name));
    }
}

bool HeaderFixer::has(std::string_view name) const
{
    return std::any_of(fields_.begin(), fields_.end(),
                       [name](const std::string& field) { return is_field(field, name); });
}

bool HeaderFixer::may_touch(std::string_view name) const { return !signed_.contains(name); }

bool HeaderFixer::shows_him(const std::string& field) const
{
    const auto found = find_mailboxes(field_value(field));
    return found.size() == 1 && (equal_ignoring_case(found[0].address, facts_.own) ||
                                 (facts_.is_his && facts_.is_his(found[0].address)));
}

bool HeaderFixer::drops(std::string_view name, const std::string& field) const
{
    const auto& words = facts_.words;
    if (!may_touch(name)) return false;
    if (name == "bcc" || name == "resent-bcc") return words[FixupWord::bcc];
    if (name == "return-path") return words[FixupWord::return_path];
    return name == "sender" && words[FixupWord::sender] && !facts_.own.empty() && !shows_him(field);
}

std::string HeaderFixer::mended(std::string_view name, const std::string& field) const
{
    const bool of_addresses =
        std::find(address_fields.begin(), address_fields.end(), name) != address_fields.end();
    if (!of_addresses || !facts_.words[FixupWord::domains] || !may_touch(name)) return field;
    const auto value = field_value(field);
    return field.substr(0, field.size() - value.size()) + with_domains(value, facts_.host);
}

// Said of the header as it will be: From is complete by then, another's Sender gone.
std::string HeaderFixer::additions() const
{
    const auto& words = facts_.words;
    std::string added;
    const auto missing = [this](std::string_view name) { return !has(name) && may_touch(name); };
    if (words[FixupWord::sender] && !facts_.own.empty() && missing("sender")) {
        const auto from = std::find_if(fields_.begin(), fields_.end(),
                                       [](const auto& field) { return is_field(field, "from"); });
        if (from == fields_.end() || !shows_him(*from)) added += "Sender: <" + facts_.own + ">\n";
    }
    if (words[FixupWord::date] && missing("date"))
        added += "Date: " + date_5322(facts_.when, facts_.zone_minutes) + '\n';
    if (words[FixupWord::message_id] && missing("message-id"))
        added += "Message-ID: <" + facts_.id + '@' + facts_.id_host + ">\n";
    return added;
}

void HeaderFixer::end_header(std::string& out)
{
    in_body_ = true;
    for (const auto& field : fields_)
        if (is_field(field, "dkim-signature")) note_signature(field);
    std::vector<std::string> kept;
    for (const auto& field : fields_) {
        const auto name = name_of(field);
        if (!drops(name, field)) kept.push_back(mended(name, field));
    }
    fields_ = std::move(kept);
    out += additions();
    for (const auto& field : fields_) out += field;
    out += '\n';   // also where the header ended at what is no field
    out += splitter_.rest();
    fields_ = {};
}

}
