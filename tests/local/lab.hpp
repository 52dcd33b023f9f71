// A sandbox with one recipient, and qmail-local run for him.
#pragma once

#include "support/process.hpp"
#include "support/temp_home.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace grapnel::test {

class LocalLab {
public:
    LocalLab();

    const std::string& home() const { return home_; }   // the recipient's
    std::string operator/(std::string_view name) const { return home_ + '/' + std::string(name); }
    void dot_qmail(std::string_view text) const { spill(home_ + "/.qmail", text, 0600); }
    void make_maildir(const std::string& name) const;

    // Runs it (by way of `before`: "strace …") for joe@here.example with this message on 0.
    Finished deliver(std::string_view message, const std::vector<std::string>& before = {},
                     milliseconds limit = patience) const;
    Finished deliver_file(const std::string& path, const std::vector<std::string>& before = {},
                          milliseconds limit = patience) const;
    Launch launch(const std::vector<std::string>& before = {}) const;

    // What lies in Maildir NAME's new/, by name.
    std::vector<std::string> delivered(const std::string& name) const;
    std::vector<std::string> unfinished(const std::string& name) const;   // tmp/

    TempHome qmail;

private:
    TempDirectory room_;
    std::string home_;
};

inline constexpr const char* small_message = "Subject: tides\n\nHigh water at noon.\n";
inline constexpr const char* trace =
    "Return-Path: <s@far.example>\nDelivered-To: joe@here.example\n";

}
