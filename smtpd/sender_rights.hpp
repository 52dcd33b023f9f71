// control/sendas.cdb: who may send as whom, as qmail-newsendas(8) makes it of control/sendas. Key:
// a user, or "*" for everybody; value: addresses in lower case, "@domain" and "*", a LF behind
// each.
#pragma once

#include "base/sys/cdb.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace grapnel::smtpd {

class SenderRights {
public:
    // nullopt: no such file. Throws system_error where it cannot be read.
    static std::optional<SenderRights> open(const std::string& path, std::string me);

    // His own address and the null sender, too. Throws DamagedTable.
    bool allows(std::string_view user, std::string_view address) const;

private:
    SenderRights(CdbReader table, std::string me) : table_(std::move(table)), me_(std::move(me)) {}
    bool lists(std::string_view key, std::string_view address) const;

    CdbReader table_;
    std::string me_;
};

// The user's name, where it is an address, else at this host.
std::string own_address(std::string_view user, std::string_view me);

}
