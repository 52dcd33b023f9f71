// control/saslpasswd.cdb: what is kept of users' passwords, as qmail-saslpasswd(8) makes it of
// control/saslpasswd. Key: the name, prepared; value: encode(ScramKeys). Under the empty key lies
// the secret by which keys are invented for who does not exist.
#pragma once

#include "base/result.hpp"
#include "base/sys/cdb.hpp"
#include "smtpd/sasl/scram_keys.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace grapnel::smtpd {

class Credentials {
public:
    // nullopt: no such file. Failure: others may read or change it, or it is not what it should be.
    // Throws system_error where it cannot be read.
    static Result<std::optional<Credentials>> open(const std::string& path);

    // Throws DamagedTable.
    sasl::ScramKeys find(std::string_view user) const;

private:
    Credentials(CdbReader table, std::string secret)
        : table_(std::move(table)), secret_(std::move(secret))
    {
    }
    CdbReader table_;
    std::string secret_;
};

}
