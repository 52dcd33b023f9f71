// Tokens of a login service: OAUTHBEARER (RFC 7628) and XOAUTH2 (what came before it). The client
// must name the user, because those who judge tokens are asked about one.
#pragma once

#include "smtpd/sasl/mechanism.hpp"

namespace grapnel::sasl {

class Bearer : public Mechanism {
public:
    Step take(std::string_view response) final;
    // The client is told why in a challenge, answers, and only then hears that it has failed.
    Step judged(bool accepted, std::string user) final;

private:
    virtual Step read(std::string_view response) const = 0;
    virtual std::string refusal() const = 0;
    bool told_why_ = false;
};

// n,a=user@example.org,^Ahost=…^Aport=…^Aauth=Bearer TOKEN^A^A
class OauthBearer final : public Bearer {
    Step read(std::string_view response) const override;
    std::string refusal() const override;
};

// user=user@example.org^Aauth=Bearer TOKEN^A^A
class Xoauth2 final : public Bearer {
    Step read(std::string_view response) const override;
    std::string refusal() const override;
};

}
