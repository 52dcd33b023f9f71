#include "smtpd/fixup/header_fixer.hpp"

#include "base/mail/date.hpp"
#include "base/text.hpp"
#include "smtpd/fixup/folding.hpp"
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
    while (place_ == Place::header && !bytes.empty()) {
        switch (splitter_.take(bytes)) {
        case HeaderSplitter::Step::more:
            return;
        case HeaderSplitter::Step::field:
            held_ += splitter_.field().size();
            if (held_ > longest_header)
                place_ = Place::nowhere;
            else
                fields_.push_back(splitter_.field());
            break;
        case HeaderSplitter::Step::too_long:
            place_ = Place::nowhere;
            break;
        case HeaderSplitter::Step::end:
            end_header(out);
            break;
        }
    }
    if (place_ == Place::body_looked_at) {
        const auto room = longest_look_at_body - std::min(longest_look_at_body, body_.size());
        body_ += bytes.substr(0, room);
        bytes.remove_prefix(std::min(room, bytes.size()));
        if (body_.size() >= longest_look_at_body) give_header(out);
    }
    if (place_ == Place::body) out += bytes;
}

bool HeaderFixer::finish(std::string& out)
{
    while (place_ == Place::header) {
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
            place_ = Place::nowhere;
            break;
        }
    }
    if (place_ == Place::body_looked_at) give_header(out);
    return place_ == Place::body;
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
    const auto& words = facts_.words;
    const bool of_addresses =
        std::find(address_fields.begin(), address_fields.end(), name) != address_fields.end();
    if (!may_touch(name)) return field;
    std::string result = field;
    if (of_addresses && words[FixupWord::domains]) {
        const auto value = field_value(field);
        result = field.substr(0, field.size() - value.size()) + with_domains(value, facts_.host);
    }
    if (words[FixupWord::fold] && result.size() > longest_header_line && may_be_folded(name))
        result = with_long_lines_folded(result, of_addresses);
    return result;
}

MimeFields HeaderFixer::mime_fields() const
{
    return {has("mime-version"), has("content-type"), has("content-transfer-encoding")};
}

bool HeaderFixer::must_look_at_body() const
{
    return facts_.words[FixupWord::mime] && mime_fields().depend_on_body();
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
    const bool speaks_of_mime = may_touch("mime-version") && may_touch("content-type") &&
                                may_touch("content-transfer-encoding");
    if (words[FixupWord::mime] && speaks_of_mime)
        added += missing_mime_fields(mime_fields(), body_);
    return added;
}

void HeaderFixer::end_header(std::string& out)
{
    for (const auto& field : fields_)
        if (is_field(field, "dkim-signature")) note_signature(field);
    std::vector<std::string> kept;
    for (const auto& field : fields_) {
        const auto name = name_of(field);
        if (!drops(name, field)) kept.push_back(mended(name, field));
    }
    fields_ = std::move(kept);
    body_ = splitter_.rest();
    place_ = Place::body_looked_at;
    if (!must_look_at_body()) give_header(out);
}

void HeaderFixer::give_header(std::string& out)
{
    place_ = Place::body;
    out += additions();
    for (const auto& field : fields_) out += field;
    out += '\n';   // also where the header ended at what is no field
    out += body_;
    fields_ = {};
    body_ = {};
}

}
