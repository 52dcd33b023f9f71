// MIME fields (RFC 2045) that a submitted message lacks: what it is has to be said by somebody, and
// only its submitter can know better. The text itself stays as it is. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace grapnel::smtpd {

struct MimeFields {
    bool version = false, type = false, encoding = false;   // those that are there

    // What is missing cannot be known from these alone.
    bool depend_on_body() const { return !encoding && (type || !version); }
};

inline constexpr std::size_t longest_look_at_body = 65536;

// MIME-Version where there are other MIME fields; with octets beyond ASCII in the body
// Content-Transfer-Encoding: 8bit, and of a text without any such field what kind it is: UTF-8
// where it is that, else of an unknown charset (RFC 1428). body: its beginning, so far as it was
// looked at.
std::string missing_mime_fields(MimeFields there, std::string_view body);

}
