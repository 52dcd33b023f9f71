// This process's variables, read once in main and passed down as a value; and the home directory.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel {

class Environment {
public:
    static Environment of_process();

    std::optional<std::string>
    get(std::string_view name) const;   // a variable may be set and empty
    bool has(std::string_view name) const { return variables_.contains(name); }
    void set(std::string_view name, std::string_view value);   // a NUL in value cuts it
    void unset(std::string_view name);
    std::vector<std::string> entries() const;   // "NAME=value", for Command

private:
    std::map<std::string, std::string, std::less<>> variables_;
};

// A sandbox: QMAILHOME names a home of its own, and the kernel did not raise our privileges
// (AT_SECURE is 0). There everything runs as whoever started it; no uid is ever changed.
bool in_sandbox();

// Where everything lives: QMAILHOME in a sandbox, else what was built in. Absolute.
const std::string& home();

}
