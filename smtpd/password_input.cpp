#include "smtpd/password_input.hpp"

#include <cerrno>
#include <string_view>

#include <termios.h>
#include <unistd.h>

namespace grapnel::smtpd {

namespace {

// Back to what it was however we leave.
class Silence {
public:
    Silence()
    {
        if (::tcgetattr(0, &before_) != 0) return;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        changed_ = ::tcsetattr(0, TCSAFLUSH, &silent) == 0;
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;
    ~Silence()
    {
        if (changed_) ::tcsetattr(0, TCSAFLUSH, &before_);
    }

private:
    termios before_{};
    bool changed_ = false;
};

void say(std::string_view text)
{
    [[maybe_unused]] const auto ignored = ::write(2, text.data(), text.size());
}

Result<net::Secret> read_line()
{
    char room[longest_password + 1];
    std::size_t size = 0;
    ssize_t got = 1;
    while (size < sizeof room && got > 0) {
        got = ::read(0, room + size, 1);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0 && room[size++] == '\n')
            break;
    }
    std::string_view line(room, size);
    const bool whole = line.ends_with('\n') || size < sizeof room;
    if (line.ends_with('\n')) line.remove_suffix(1);
    net::Secret password(line);
    net::wipe_bytes({room, sizeof room});
    if (!whole) return permanent("the password is too long");
    if (password.empty()) return permanent("no password");
    if (password.view().find('\0') != std::string_view::npos)
        return permanent("the password holds a NUL");
    return password;
}

Result<net::Secret> ask(std::string_view words)
{
    const Silence silence;
    say(words);
    auto password = read_line();
    say("\n");
    return password;
}

}

Result<net::Secret> read_password()
{
    if (::isatty(0) == 0) return read_line();
    auto first = ask("Password: ");
    if (!first) return first;
    const auto second = ask("Again: ");
    if (!second || second->view() != first->view()) return permanent("those are not the same");
    return first;
}

}
