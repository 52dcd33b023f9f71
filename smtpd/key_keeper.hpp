// A process that may read private keys, and does nothing else: forked before the server gives up
// root. It looks every second whether they changed and hands them down in sealed memory.
#pragma once

#include "base/sys/environment.hpp"
#include "base/sys/fd.hpp"
#include "base/sys/spawn.hpp"

namespace grapnel::smtpd {

class KeyKeeper {
public:
    // Waits until it has read them for the first time, and before that for a process to be had: one
    // who has given up root can make no other.
    explicit KeyKeeper(const Environment& environment);
    KeyKeeper(const KeyKeeper&) = delete;
    KeyKeeper& operator=(const KeyKeeper&) = delete;
    ~KeyKeeper();    // it ends
    void forget();   // in a child of who has it

    // What is new since: true where something is, and current() is another.
    bool look();
    // A bundle (tls_bundle.hpp) to be read by pread; -1: there is no TLS.
    int current() const { return bundle_.get(); }

private:
    void begin(const Environment& environment);
    bool take();

    Child child_;
    Fd socket_, bundle_;
};

// Its packets, to the parent and from there to workers: whether there is a bundle beside it.
inline constexpr std::string_view keys_here = "K", no_keys = "N";

// What such a descriptor holds.
std::string read_bundle(int bundle);

}
