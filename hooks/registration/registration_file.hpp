// A live registration on disk (C15), so that a restart takes it up again instead of using up the
// scanner's quota. Only for the same configuration.
#pragma once

#include "hooks/registration/registration.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace grapnel::hooks {

struct KeptRegistration {
    Registration registration;
    std::string configuration;   // a digest: what it was made with
};

std::string encode(const KeptRegistration& kept);
std::optional<KeptRegistration> decode_kept(std::string_view text);   // nullopt: useless

// All that a registration depends on, credentials too, as a digest in hexadecimal.
std::string configuration_digest(const ScannerSettings& settings, const Credentials& credentials,
                                 const RegistrationIdentity& identity);

// path: of the file, mode 0600. Reading: nullopt where there is none, or none of use. Writing and
// removing throw system_error.
std::optional<KeptRegistration> read_kept(const std::string& path);
void write_kept(const std::string& path, const KeptRegistration& kept);

}
