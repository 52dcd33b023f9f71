// What is done with secrets besides keeping them: made, stretched, compared, wiped. Pure but for
// random_bytes; raw bytes everywhere. Throws runtime_error where the library cannot.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace grapnel::net {

std::string random_bytes(std::size_t count);
// RFC 8018 with HMAC-SHA-256: 32 bytes.
std::string pbkdf2_sha256(std::string_view password, std::string_view salt, unsigned iterations);
// In a time that depends on their lengths only.
bool equal_secrets(std::string_view a, std::string_view b);

// Overwrites what lies there, in memory that is the caller's to change.
void wipe_bytes(std::string_view bytes);

// Text that leaves no copy behind: wiped before its memory is given back, and when it is moved
// from.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string_view text) : text_(text) {}
    Secret(const Secret&) = delete;
    Secret(Secret&& other) noexcept { take(other); }
    Secret& operator=(const Secret&) = delete;
    Secret& operator=(Secret&& other) noexcept
    {
        if (this != &other) {
            clear();
            take(other);
        }
        return *this;
    }
    ~Secret() { clear(); }

    std::string_view view() const { return text_; }
    bool empty() const { return text_.empty(); }
    void clear();

private:
    void take(Secret& other)
    {
        text_.swap(other.text_);
        other.clear();
    }

    std::string text_;
};

}
