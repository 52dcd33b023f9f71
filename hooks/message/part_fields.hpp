// What the header fields of a part say about its content (RFC 2045, RFC 8621 4.1.4). Pure.
#pragma once

#include "hooks/message/header_fields.hpp"
#include "hooks/message/transfer_encoding.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

struct PartFields {
    std::string type = "text/plain";
    std::optional<std::string> charset = "us-ascii";   // nullopt: not text, and none given
    std::optional<std::string> name = {}, disposition = {}, cid = {}, location = {};   // UTF-8
    std::optional<std::vector<std::string>> language = {};
    std::string boundary = {};
    TransferEncoding encoding = TransferEncoding::seven_bit;

    bool is_text() const { return type.starts_with("text/"); }
    bool is_multipart() const { return type.starts_with("multipart/"); }
};

// Of fields of the same name the last one counts.
PartFields read_part_fields(const Header& header, bool in_digest);

}
