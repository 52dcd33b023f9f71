// PLAIN (RFC 4616) and LOGIN (what old clients speak): a name and a password in the clear.
#pragma once

#include "smtpd/sasl/mechanism.hpp"

namespace grapnel::sasl {

// [authzid] NUL authcid NUL passwd. Nobody acts for somebody else here: a given authzid must be the
// same name.
class Plain final : public Mechanism {
public:
    Step take(std::string_view response) override;
};

class Login final : public Mechanism {
public:
    Step begin() override { return Step::challenge("Username:"); }
    Step take(std::string_view response) override;

private:
    std::optional<std::string> user_;
};

}
