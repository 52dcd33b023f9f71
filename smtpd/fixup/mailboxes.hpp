// Where the addresses stand in an address field, as far as submission must know it: nothing is
// judged, nothing rewritten but what is added. RFC 5322 3.4. Pure; looks at each octet once.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::smtpd {

struct Mailbox {
    std::string address;   // without comments and blanks
    std::size_t end = 0;   // in the text: behind its last octet
    bool has_domain = false;
};

// What cannot be an address ("John Smith" without one) is left out. text: a field's value, folded
// as it stands.
std::vector<Mailbox> find_mailboxes(std::string_view text);

// "@host" behind each that has no domain.
std::string with_domains(std::string_view text, std::string_view host);

}
