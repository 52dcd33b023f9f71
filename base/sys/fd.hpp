// Fd owns a descriptor. Everything made here closes on exec: a child gets only what Command lists.
#pragma once

#include <string_view>
#include <utility>

namespace grapnel {

class Fd {
public:
    Fd() = default;
    explicit Fd(int value) : value_(value) {}
    Fd(Fd&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
    Fd& operator=(Fd&& other) noexcept;
    ~Fd() { reset(); }

    int get() const { return value_; }
    explicit operator bool() const { return value_ >= 0; }
    int release() { return std::exchange(value_, -1); }
    void reset();

    // Throws system_error: close may be the call that reports a lost write. Never retried.
    void close_checked(std::string_view what);

private:
    int value_ = -1;
};

struct Pipe {
    Fd reader;
    Fd writer;
};
Pipe make_pipe();

Fd duplicate(int descriptor);   // at 3 or above, close on exec

void set_nonblocking(int descriptor, bool on = true);
bool is_open(int descriptor);

// 0, 1 and 2 must be something before anything else is opened: a setuid program's caller may have
// closed them.
void ensure_standard_descriptors();

}
