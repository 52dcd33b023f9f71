// The messages that lie in a Maildir, for its readers: in the current directory, oldest first.
// maildir(5).
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace grapnel::local {

struct MaildirMessage {
    std::string path;   // "new/NAME" or "cur/NAME"
    std::time_t when = 0;
    std::uint64_t size = 0;

    bool is_new() const { return path.starts_with("new/"); }
    // NAME up to the colon: what it is called for as long as it lies there, whatever its flags.
    std::string_view unique_name() const;
};

// Removes from tmp/ what nobody has looked into for 36 hours: deliveries that were cut off.
void remove_stale_files();

struct CannotScan : std::system_error {
    CannotScan(const std::system_error& why, std::string which)
        : std::system_error(why), directory(std::move(which))
    {
    }
    std::string directory;
};

// Of each of these directories ("new", "cur") the regular files whose names do not begin with a
// dot and whose time is in the past: what comes in this very second would upset the order. Throws
// CannotScan.
std::vector<MaildirMessage> list_maildir(const std::vector<std::string>& directories);

// Where the message lies after another reader has moved it or changed its flags; "" if it is gone.
std::string find_moved(const MaildirMessage& message);

}
