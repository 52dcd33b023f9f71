// The home directory checked, and the file found that holds an address's instructions. Works in the
// current directory, which is that home. Throws Stop with the words of contract 6.3.
#pragma once

#include "local/options.hpp"

#include <optional>
#include <string>

namespace grapnel::local {

// Refuses a home that others may write, and one whose owner is editing (sticky bit; only a warning
// when dry).
void check_home(bool dry_run);

struct DotQmailFile {
    std::string text;
    bool forward_only = false;         // its x bit is set
    std::optional<std::string> rest;   // what "default" in its name stood for
};

// nullopt: no such file, and none is needed (dash empty). Else without any: "no mailbox here by
// that name".
std::optional<DotQmailFile> find_dot_qmail(const Options& options);

// Who forwarded mail comes from: the sender, or the -owner address where the user has made one.
std::string forwarding_sender(const Options& options);

}
