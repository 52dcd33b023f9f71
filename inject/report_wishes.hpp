// When and how the sender wants to hear about a message (RFC 3461), as sendmail's -N, -R and -V say
// it and as sendmail hands it to qmail-inject. Pure.
#pragma once

#include <string_view>

namespace grapnel::inject {

inline constexpr const char* notify_variable = "QMAILDSNNOTIFY";
inline constexpr const char* ret_variable = "QMAILDSNRET";
inline constexpr const char* envelope_id_variable = "QMAILDSNENVID";

bool is_notify(std::string_view value);        // "never", or a list of success, failure, delay
bool is_ret(std::string_view value);           // "full" or "hdrs"
bool is_envelope_id(std::string_view value);   // xtext of at most 100 characters (RFC 3461 4.4)

}
