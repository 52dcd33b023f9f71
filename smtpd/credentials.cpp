#include "smtpd/credentials.hpp"

#include "base/sys/file.hpp"
#include "smtpd/damaged_table.hpp"

#include <unistd.h>

#include <system_error>

namespace grapnel::smtpd {

namespace {

constexpr mode_t forbidden = S_IWGRP | S_IRWXO;

}

Result<std::optional<Credentials>> Credentials::open(const std::string& path)
{
    const auto facts = status_if_there(path);
    if (!facts) return std::optional<Credentials>();
    if ((facts->st_mode & forbidden) != 0)
        return permanent("others may read or change it: it is not used");
    if (facts->st_uid != 0 && facts->st_uid != ::geteuid())
        return permanent("it belongs to somebody else: it is not used");
    auto table = CdbReader::open(path);
    if (!table) return std::optional<Credentials>();
    auto secret = table->find("");
    if (!secret || secret->empty())
        return permanent("qmail-saslpasswd did not make it: it is not used");
    return std::optional(Credentials(std::move(*table), std::move(*secret)));
}

sasl::ScramKeys Credentials::find(std::string_view user) const
{
    try {
        const auto found = user.empty() ? std::nullopt : table_.find(user);
        if (!found) return sasl::invented_keys(user, secret_, sasl::usual_iterations);
        if (auto keys = sasl::decode_keys(*found)) return std::move(*keys);
    } catch (const std::system_error&) {
        // As below.
    }
    throw DamagedTable("saslpasswd.cdb is damaged");
}

}
