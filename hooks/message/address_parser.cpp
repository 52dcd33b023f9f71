#include "base/text.hpp"
#include "hooks/message/address_form.hpp"
#include "hooks/message/encoded_word.hpp"
#include "hooks/message/lexemes.hpp"
#include "hooks/values/utf8.hpp"

#include <iterator>
#include <utility>

namespace grapnel::hooks {

namespace {

constexpr std::size_t most_items = 10'000;   // mailboxes and groups
constexpr std::string_view white = " \t\r\n";

// Reads one address after the other; every octet once.
class Parser {
public:
    explicit Parser(std::string_view value) : rest_(value) {}

    std::vector<MailboxGroup> parse()
    {
        while (!rest_.empty() && count_ < most_items) take();
        if (count_ < most_items) end_mailbox();
        return std::move(groups_);
    }

private:
    void take()
    {
        const char c = rest_.front();
        if (white.find(c) != std::string_view::npos || c == '>' || c == ')' || c == ']') {
            blank_ = true;
            rest_.remove_prefix(1);
        } else if (c == '(') {
            auto comment = std::string(trim(decode_words(take_comment(rest_))));
            if (!comment.empty()) comment_ = std::move(comment);
            blank_ = true;
        } else if (c == '"') {
            take_quoted_word();
        } else if (c == '<') {
            take_angle_address();
        } else if (c == ',' || c == ';') {
            rest_.remove_prefix(1);
            end_mailbox();
            in_group_ = in_group_ && c == ',';
        } else if (c == ':' && !in_group_ && !angle_) {
            rest_.remove_prefix(1);
            open_group();
        } else {
            take_atom();
        }
    }

    void take_atom()
    {
        const char first = rest_.front();
        auto atom = rest_.substr(0, 1);
        rest_.remove_prefix(1);
        // A domain literal may hold anything.
        const auto more = take_until_any(rest_, first == '[' ? "]" : " \t\r\n()<>\",:;[]");
        atom = {atom.data(), atom.size() + more.size()};
        if (first == '[' && rest_.starts_with(']')) {
            rest_.remove_prefix(1);
            atom = {atom.data(), atom.size() + 1};
        }
        begin_word(atom);
        atoms_ += atom;
        plain_ += atom;
    }

    void take_quoted_word()
    {
        const auto whole = rest_;
        const auto content = take_quoted(rest_);
        begin_word("\"");
        end_atoms();
        phrase_ += decode_words(content);
        plain_ += unfolded(whole.substr(0, whole.size() - rest_.size()));
    }

    // "joe @ host" is one address; "Joe Doe" are two words.
    void begin_word(std::string_view word)
    {
        const bool is_first = plain_.empty();
        const bool tight = plain_.ends_with('@') || plain_.ends_with('.') ||
                           word.starts_with('@') || word.starts_with('.');
        if (blank_ && !is_first) {
            atoms_ += ' ';
            if (!tight) plain_ += ' ';
        }
        blank_ = false;
    }

    // Encoded words next to each other are decoded together.
    void end_atoms() { phrase_ += decode_words(std::exchange(atoms_, {})); }

    void take_angle_address()
    {
        std::string address;
        rest_.remove_prefix(1);
        while (!rest_.empty() && rest_.front() != '>') {
            skip_blanks_and_comments(rest_);
            if (rest_.starts_with('"')) {
                const auto whole = rest_;
                take_quoted(rest_);
                address += unfolded(whole.substr(0, whole.size() - rest_.size()));
            } else if (rest_.starts_with('<')) {
                rest_.remove_prefix(1);
            } else {
                address += take_until_any(rest_, " \t\r\n(<>\"");
            }
        }
        if (!rest_.empty()) rest_.remove_prefix(1);
        // A source route: "@relay,@relay:".
        if (address.starts_with('@'))
            if (const auto end = address.find(':'); end != std::string::npos)
                address.erase(0, end + 1);
        angle_ = std::move(address);
    }

    void open_group()
    {
        end_atoms();
        groups_.push_back({std::string(trim(phrase_)), {}});
        ++count_;
        in_group_ = true;
        forget();
    }

    void end_mailbox()
    {
        end_atoms();
        Mailbox mailbox;
        auto name = std::string(trim(phrase_));
        if (name.empty() || !angle_) name = comment_;
        if (!name.empty()) mailbox.name = std::move(name);
        mailbox.email = make_utf8(angle_ ? *angle_ : plain_);
        if (angle_ || !mailbox.email.empty()) {
            if (!in_group_ && (groups_.empty() || groups_.back().name)) groups_.emplace_back();
            groups_.back().mailboxes.push_back(std::move(mailbox));
            ++count_;
        }
        forget();
    }

    void forget()
    {
        phrase_.clear();
        atoms_.clear();
        plain_.clear();
        comment_.clear();
        angle_.reset();
        blank_ = false;
    }

    std::string_view rest_;
    std::string atoms_, phrase_;   // the display name: what is not decoded yet, what is
    std::string plain_;            // the same as an address
    std::string comment_;
    std::optional<std::string> angle_;
    bool blank_ = false, in_group_ = false;
    std::size_t count_ = 0;
    std::vector<MailboxGroup> groups_;
};

}

std::vector<MailboxGroup> parse_groups(std::string_view value) { return Parser(value).parse(); }

std::vector<Mailbox> parse_mailboxes(std::string_view value)
{
    std::vector<Mailbox> all;
    for (auto& group : parse_groups(value))
        all.insert(all.end(), std::make_move_iterator(group.mailboxes.begin()),
                   std::make_move_iterator(group.mailboxes.end()));
    return all;
}

}
