// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677): both sides prove that they know the
// password's keys, and with a binding that nobody sits between them.
#pragma once

#include "smtpd/sasl/mechanism.hpp"
#include "smtpd/sasl/scram_keys.hpp"

namespace grapnel::sasl {

class Scram final : public Mechanism {
public:
    enum class Binding {
        none,
        was_offered,   // a client who thinks it was not has been lied to
        required,
    };
    Scram(const Surroundings& surroundings, Binding binding)
        : keys_of_(surroundings.keys), bytes_of_(surroundings.binding), binding_(binding)
    {
    }

    Step take(std::string_view response) override;

private:
    enum class Stage { first, final, proven };
    Step take_first(std::string_view message);
    Step take_final(std::string_view message);
    bool bind(const struct Gs2Header& header);

    std::function<ScramKeys(std::string_view)> keys_of_;
    std::function<std::optional<std::string>(std::string_view)> bytes_of_;
    Binding binding_;
    Stage stage_ = Stage::first;
    ScramKeys keys_;
    std::string user_, bound_, nonce_, so_far_;   // so_far_: of what both sides sign
};

}
