// EXTERNAL (RFC 4422 A): who the client is, his certificate has said.
#pragma once

#include "smtpd/sasl/mechanism.hpp"

namespace grapnel::sasl {

class External final : public Mechanism {
public:
    explicit External(std::string certified) : certified_(std::move(certified)) {}
    Step take(std::string_view response) override
    {
        const bool himself = response.empty() || response == certified_;
        return himself ? Step::done(certified_) : Step::refused();
    }

private:
    std::string certified_;
};

}
