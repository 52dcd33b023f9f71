#include "smtpd/fixup/mailboxes.hpp"

#include <algorithm>
#include <utility>

namespace grapnel::smtpd {

namespace {

class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    std::vector<Mailbox> run()
    {
        while (at_ < text_.size()) step(text_[at_]);
        finish();
        return std::move(found_);
    }

private:
    void step(char c)
    {
        switch (c) {
        case '(':
            return skip_comment();
        case '"':
            return take_quoted();
        case '<':
            words_ = 0;   // what stood before it was a name
            now_ = {};
            in_angle_ = true;
            break;
        case '>':
            if (in_angle_ && !now_.address.empty()) found_.push_back(std::move(now_));
            angle_seen_ = true;
            in_angle_ = false;
            now_ = {};
            break;
        case ',':
        case ';':
            if (in_angle_) return take(c);
            finish();
            break;
        case ':':
            if (in_angle_) return take(c);
            now_ = {};   // that was the name of a group
            words_ = 0;
            break;
        case ' ':
        case '\t':
        case '\n':
        case '\r':
            blank_ = true;
            break;
        case '\\':
        case ')':
            words_ = 2;
            break;
        default:
            return take(c);
        }
        ++at_;
    }

    // A word that follows a blank belongs to what stands before it only around "@" and ".".
    void take(char c)
    {
        const char last = now_.address.empty() ? '\0' : now_.address.back();
        const bool joined = last == '@' || last == '.' || c == '@' || c == '.';
        if (now_.address.empty() || (blank_ && !joined)) ++words_;
        blank_ = false;
        now_.has_domain = now_.has_domain || c == '@';
        now_.address += c;
        now_.end = ++at_;
    }

    void take_quoted()
    {
        const auto begin = at_++;
        while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
        if (at_ >= text_.size()) words_ = 2;   // what is not closed is no address
        at_ = std::min(at_ + 1, text_.size());
        if (now_.address.empty() || blank_) ++words_;
        blank_ = false;
        now_.address += text_.substr(begin, at_ - begin);
        now_.end = at_;
    }

    void skip_comment()
    {
        std::size_t depth = 0;
        do {
            const char c = text_[at_];
            if (c == '(') ++depth;
            if (c == ')') --depth;
            at_ += c == '\\' ? 2 : 1;
        } while (depth > 0 && at_ < text_.size());
        at_ = std::min(at_, text_.size());
        blank_ = true;
    }

    void finish()
    {
        if (!angle_seen_ && !in_angle_ && words_ == 1 && !now_.address.empty())
            found_.push_back(std::move(now_));
        now_ = {};
        words_ = 0;
        angle_seen_ = in_angle_ = blank_ = false;
    }

    std::string_view text_;
    std::size_t at_ = 0, words_ = 0;
    bool in_angle_ = false, angle_seen_ = false, blank_ = false;
    Mailbox now_;
    std::vector<Mailbox> found_;
};

}

std::vector<Mailbox> find_mailboxes(std::string_view text) { return Scanner(text).run(); }

std::string with_domains(std::string_view text, std::string_view host)
{
    std::string result;
    std::size_t done = 0;
    for (const auto& mailbox : find_mailboxes(text)) {
        if (mailbox.has_domain) continue;
        result += text.substr(done, mailbox.end - done);
        result += '@';
        result += host;
        done = mailbox.end;
    }
    return result += text.substr(done);
}

}
