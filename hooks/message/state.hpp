// What a message is made of: the text as it came, the fields and the body that are ranges of it or
// of texts that edits brought.
#pragma once

#include "hooks/message/content.hpp"
#include "hooks/message/header_fields.hpp"
#include "hooks/message/structure.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

struct MessageState {
    explicit MessageState(std::shared_ptr<const Content> text, bool binary = false);

    std::shared_ptr<const Content> content;
    Header header;
    std::string_view body;
    bool binary;   // body is octets as they were sent, not lines (RFC 3030)
    std::shared_ptr<const std::string> added_body = {};   // owns body where an edit brought it
    std::uint64_t size = 0;                               // octets with CRLF

    bool changed = false, suppressed = false;
    std::size_t added_fields = 0;   // by this answer

    // LF form, from beginning to end; neighbours in one text are one piece.
    std::vector<std::string_view> pieces() const;
    std::vector<std::string_view> header_pieces() const;
    std::vector<std::string_view> body_pieces() const;

    // The body as a tree, made when first asked for. Not for two threads at once.
    const Structure& structure() const;
    Structure& own_structure();   // to be changed
    bool
    may_change_structure() const;   // false: it has been taken apart too often (a hostile scanner)
    void forget_structure();        // the fields that say what the body is have changed

private:
    mutable std::shared_ptr<Structure> structure_;
    std::size_t structures_made_ = 0;
};

}
