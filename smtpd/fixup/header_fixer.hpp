// What control/fixup says is done to the header of a submitted message, while its text streams
// through: the header is held till its end, 128 KiB at most; of the body 64 KiB, where only that
// can tell which MIME fields are missing. What a DKIM signature of the submitter covers is neither
// changed nor added (smtp-standards 5). Pure.
#pragma once

#include "base/mail/header.hpp"
#include "smtpd/fixup/mime_fields.hpp"
#include "smtpd/fixup/words.hpp"

#include <ctime>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::smtpd {

struct FixupFacts {
    FixupWords words;
    std::string host;      // for addresses without a domain
    std::string id_host;   // right of Message-ID's "@"
    std::string id;        // left of it
    std::time_t when = 0;
    int zone_minutes = 0;
    std::string own = {};   // the user's address; empty: nobody knows, then no Sender is added
    std::function<bool(std::string_view address)> is_his = {};   // he may send as that
};

class HeaderFixer {
public:
    static constexpr std::size_t longest_header = 131072;

    explicit HeaderFixer(FixupFacts facts) : facts_(std::move(facts)) {}

    // Text with LF line ends; what may go on is appended to out.
    void take(std::string_view bytes, std::string& out);
    // No more. False: the header is too long; then nothing came out.
    bool finish(std::string& out);

private:
    enum class Place { header, body_looked_at, body, nowhere };   // nowhere: too long
    void end_header(std::string& out);
    void give_header(std::string& out);
    MimeFields mime_fields() const;
    bool must_look_at_body() const;
    void note_signature(const std::string& field);
    std::string additions() const;
    bool has(std::string_view name) const;
    bool may_touch(std::string_view name) const;
    bool drops(std::string_view name, const std::string& field) const;
    bool shows_him(const std::string& field) const;
    std::string mended(std::string_view name, const std::string& field) const;

    FixupFacts facts_;
    HeaderSplitter splitter_{longest_header};
    std::vector<std::string> fields_;
    std::size_t held_ = 0;
    std::set<std::string, std::less<>> signed_;   // names in lower case
    Place place_ = Place::header;
    std::string body_;   // what was looked at
};

}
