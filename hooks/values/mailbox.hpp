// Addresses as scanners give them (mta-hooks 11.4, 17): RFC 5321's Mailbox, without angle brackets
// or a source route. Pure.
#pragma once

#include <string>
#include <string_view>

namespace grapnel::hooks {

// utf8: addresses beyond ASCII are allowed. text: valid UTF-8.
bool is_mailbox(std::string_view text, bool utf8);

// Equal for what is one mailbox: the local part without its quotes, exactly; the domain in lower
// case.
std::string mailbox_key(std::string_view address);

}
