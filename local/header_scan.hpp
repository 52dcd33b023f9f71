// Looks through a message's header, as it streams by, for our own Delivered-To line, the number of
// hops, and whether fields of RFC 7293 are there. Needs the same few bytes for a line of any
// length. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace grapnel::local {

class HeaderScan {
public:
    // line: the whole Delivered-To line, with its LF; compared byte for byte.
    explicit HeaderScan(std::string line);

    // False: the header is over, no more bytes are needed.
    bool take(std::string_view bytes);

    bool seen_here_before() const { return found_; }
    std::size_t hops() const { return hops_; }                // Received and Delivered-To fields
    bool asks_for_owner() const { return asks_for_owner_; }   // Require-Recipient-Valid-Since

private:
    void take_piece(std::string_view piece);
    void end_line();

    static constexpr std::size_t longest_name = 29;   // "require-recipient-valid-since"
    std::string line_;
    std::string name_;           // the first bytes of the line at hand, in lower case
    bool empty_ = true;          // no byte of it seen yet
    bool matches_ = true;        // so far it is line_ …
    std::size_t position_ = 0;   // … up to here
    bool found_ = false, ended_ = false, asks_for_owner_ = false;
    std::size_t hops_ = 0;
};

}
