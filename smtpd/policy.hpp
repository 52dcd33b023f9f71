// Our own rules about clients, senders and recipients: the lists, rcpthosts, relaying, our
// addresses as literals. Decides; says nothing to anybody.
#pragma once

#include "smtpd/answer.hpp"
#include "smtpd/command.hpp"
#include "smtpd/config.hpp"
#include "smtpd/peer.hpp"

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::smtpd {

class Policy {
public:
    Policy(const Config& config, const Peer& peer, const LaxWords& lax)
        : config_(config), peer_(peer), lax_(lax)
    {
    }

    // Where the sender is listed: what his recipients are told (RFC 2505 6: postmaster stays
    // reachable).
    std::optional<Answer> bad_sender(std::string_view sender) const;
    std::optional<Answer> bad_helo(std::string_view name) const;   // told to the same people
    std::optional<Answer> bad_client() const;                      // told instead of a greeting

    // The domain is one of our addresses: its name then stands there.
    std::string localized(const Path& path) const;

    // Its domain is local or in rcpthosts, or it has none.
    bool is_ours(std::string_view address) const;

    // nullopt: mail for it is taken.
    std::optional<Answer> recipient(std::string_view address) const;

    // nullopt: whom the sender knows there since then is there still, or others must say.
    std::optional<Answer> owner(std::string_view address, std::time_t since) const;

    // By the list of those who exist; where there is none, nobody knows.
    enum class Existence { unknown, no, yes };
    Existence exists(std::string_view address) const;

    // Bytes that a message for him may have; 0: no limit of his own.
    std::uint64_t databytes_of(std::string_view address) const;

    bool
    is_postmaster(std::string_view address) const;   // ours: bare, or at a domain mail is taken for

private:
    bool takes_mail_for(std::string_view address) const;
    bool is_listed(std::string_view domain) const;
    std::optional<Answer> listed_recipient(std::string_view address) const;
    std::optional<Answer> foreign_recipient(std::string_view address) const;

    const Config& config_;
    const Peer& peer_;
    const LaxWords& lax_;
};

}
