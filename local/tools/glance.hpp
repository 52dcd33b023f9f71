// What of a message fits on a line or two of a screen: for the programs that tell of new mail.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace grapnel::local {

struct Glance {
    std::string text;   // the subject, then the body, line ends and all
    std::string recipient, sender,
        from;   // last Delivered-To, Return-Path: their values; From: the field
};

// file: at its beginning. text begins with that and ends at width. unknown: recipient and sender
// where the message does not say. Throws system_error.
Glance glance_at(int file, std::string text, std::size_t width, std::string_view unknown = "?");

// A screen obeys what is not printable ASCII.
std::string tamed(std::string text, char instead);

}
