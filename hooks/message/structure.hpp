// The body of a message as a tree of parts: ranges of its text (RFC 2046). Parts are in the order
// in which they stand in the message. Limits: 100 levels, 10,000 parts; what lies beyond is one
// opaque part. message/rfc822 is not looked into.
#pragma once

#include "hooks/message/part_fields.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

inline constexpr std::size_t deepest_level = 100, most_parts = 10'000;

struct Range {
    std::size_t begin = 0, end = 0;
    std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
};

struct Part {
    PartFields fields = {};
    std::string id = {};         // IMAP section number; "": a multipart that is the whole message
    bool is_multipart = false;   // it has children
    bool lost_parts = false;     // it says that it is one and has none: shown as text
    std::optional<std::size_t> parent = {};
    std::vector<std::size_t> children = {};
    Range header = {}, content = {};   // of a multipart: all its parts and what is between them
    std::size_t lines = 0;             // line ends in content
    bool separated = true;             // an empty line stands between header and content
    bool joined = false;               // a boundary line follows without a line end before it

    // Where an edit brought them.
    // (In a binary body the header is always there: with LF.)
    std::shared_ptr<const std::string> new_header = {}, new_content = {};
};

struct Structure {
    std::string_view text = {};   // of the body
    bool binary = false;          // its lines end in CR LF, and not all of it is lines
    std::vector<Part> parts = {};
    std::set<std::size_t> edited = {};

    std::string_view header(const Part& part) const;
    std::string_view content(const Part& part) const;             // of a leaf
    std::optional<std::size_t> find(std::string_view id) const;   // a leaf
    std::uint64_t multipart_size(std::size_t index) const;        // octets with CRLF
    std::vector<std::string_view> pieces() const;                 // all of the body
};

// header: of the message. body must outlive the structure.
Structure parse_mime(const Header& header, std::string_view body, bool binary = false);

}
