// What an address lacks is added: a host, a domain; routes are dropped. addresses(5). Pure.
#pragma once

#include "base/result.hpp"
#include "inject/address_list.hpp"

#include <string>

namespace grapnel::inject {

// The values of control/defaulthost and kin, or of the variables in their place.
struct Domains {
    std::string default_host, default_domain, plus_domain, id_host;
};

class Completion {
public:
    // Fails where a value cannot be part of an address.
    static Result<Completion> make(const Domains& domains);
    void complete(Tokens& address) const;

private:
    Tokens host_, domain_, plus_;   // "@host", ".domain", ".domain"
};

Failure unparsable(std::string_view line);   // "unable to parse this line:" and the line

}
