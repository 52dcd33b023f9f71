// Words that one process writes and its siblings believe: in memory that they share, made before
// they part. Whoever must not write closes it first. The oldest are forgotten where there is no
// room.
#pragma once

#include <cstddef>
#include <string_view>

namespace grapnel::smtpd {

class SharedWords {
public:
    SharedWords();   // throws system_error
    SharedWords(const SharedWords&) = delete;
    SharedWords& operator=(const SharedWords&) = delete;
    ~SharedWords() { close(); }

    // word: no NUL in it. By one process only.
    void add(std::string_view word) const;
    bool contains(std::string_view word) const;
    void close();   // for this process

private:
    struct Memory;
    Memory* memory_;
};

}
