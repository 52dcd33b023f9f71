// errno as exceptions, as qmail's words for people, and as "temporary or not".
#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace grapnel {

// what() is "ACTION NAME: reason"; code() is errno.
[[noreturn]] void throw_errno(std::string_view action, std::string_view name = {});
[[noreturn]] void throw_error(int number, std::string_view action, std::string_view name = {});

// qmail's words for errno ("file does not exist", "access denied"): they stand in reports that
// scripts read.
std::string_view reason(int number);

// Whether trying again later may help (qmail's error_temp).
bool is_temporary(int number);

}
