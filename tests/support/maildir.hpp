// What lies in a Maildir, and what a delivery put on top of a message.
#pragma once

#include "support/wait.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::test {

// Every message of new/ and cur/, by name; what is gone while we look is left out.
std::vector<std::string> maildir_messages(const std::string& maildir);
std::size_t maildir_count(const std::string& maildir);
bool wait_for_maildir(const std::string& maildir, std::size_t count, milliseconds limit = patience);

// Where delivered is fields of Return-Path, Delivered-To and Received followed by exactly original:
// those fields; else nullopt. A missing last LF of original is forgiven.
std::optional<std::string> trace_of(std::string_view delivered, std::string_view original);

}
