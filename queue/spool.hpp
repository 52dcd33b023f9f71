// Where each file of message N lies. Names are relative to the queue directory: programs chdir
// there, and these very names stand in the log. docs/internals.md has the states S1 to S5.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::queue {

using MessageNumber = std::uint64_t;   // the inode number of mess/S/N

class Spool {
public:
    // Counts the numbered directories under DIRECTORY/mess: the split is not recorded anywhere
    // else. Throws where there is none.
    static Spool open(const std::string& directory = ".");
    explicit Spool(unsigned split) : split_(split) {}

    unsigned split() const { return split_; }
    std::string mess(MessageNumber n) const { return hashed("mess", n); }
    std::string info(MessageNumber n) const { return hashed("info", n); }
    std::string local(MessageNumber n) const { return hashed("local", n); }
    std::string remote(MessageNumber n) const { return hashed("remote", n); }
    static std::string intd(MessageNumber n) { return "intd/" + std::to_string(n); }
    static std::string todo(MessageNumber n) { return "todo/" + std::to_string(n); }
    static std::string bounce(MessageNumber n) { return "bounce/" + std::to_string(n); }
    std::string directory_of(std::string_view folder, MessageNumber n) const;   // "mess/3"
    // "3/1095": mess/S/N as spawners are told it, relative to mess.
    std::string short_name(MessageNumber n) const;

private:
    std::string hashed(std::string_view folder, MessageNumber n) const
    {
        return directory_of(folder, n) + '/' + std::to_string(n);
    }
    unsigned split_;
};

// A file name that is a message number: digits only, without overflow.
std::optional<MessageNumber> message_number(std::string_view name);

}
