// The words of control/fixup: what is mended in messages that users submit (RFC 6409 8). Pure.
#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <vector>

namespace grapnel::smtpd {

enum class FixupWord {
    date,          // added
    message_id,    // added
    sender,        // says who it was, where From does not
    bcc,           // removed
    return_path,   // removed
    domains,       // added to addresses without
    fold,          // lines of the header that are too long
    mime,          // says what a text beyond ASCII is, where nothing does
};

class FixupWords {
public:
    bool operator[](FixupWord word) const { return set_[static_cast<std::size_t>(word)]; }
    bool any() const { return set_.any(); }

    // nullopt: all of them. The word "none" is none. unknown gets what is none of them.
    static FixupWords parse(const std::optional<std::vector<std::string>>& lines,
                            std::vector<std::string>& unknown);

private:
    std::bitset<static_cast<std::size_t>(FixupWord::mime) + 1> set_;
};

}
