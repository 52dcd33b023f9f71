// The files of one scanner's directory as typed values; what is wrong becomes a line for people.
// Only for scanner_settings.cpp and credentials.cpp.
#pragma once

#include "base/sys/control.hpp"
#include "base/text.hpp"
#include "hooks/stage.hpp"
#include "hooks/subscriptions.hpp"
#include "hooks/values/pointer.hpp"

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

class ScannerFiles {
public:
    // shown: the directory's name in errors. Errors are added to the list.
    ScannerFiles(std::string directory, std::string shown, std::vector<std::string>& errors)
        : control_(std::move(directory)), shown_(std::move(shown)), errors_(errors)
    {
    }

    // "control/hooks/x/FILE: WHAT".
    void error(std::string_view file, std::string_view what) const;
    void no_good(std::string_view file, std::string_view value, std::string_view what) const;
    std::string path(std::string_view file) const { return control_.path(file); }

    // nullopt: not there, or an error was said.
    std::optional<std::string> line(std::string_view file) const;
    std::optional<std::vector<std::string>> list(std::string_view file) const;
    std::optional<std::vector<std::string>> words(std::string_view file) const;
    std::optional<bool> flag(std::string_view file) const;
    std::optional<std::uint64_t> number(std::string_view file, std::uint64_t least,
                                        std::uint64_t most) const;
    std::optional<std::chrono::seconds> time(std::string_view file, std::uint64_t most) const;
    std::optional<std::vector<Pointer>> pointers(std::string_view file) const;
    std::optional<Policy> policy(std::string_view file, std::initializer_list<Policy> of) const;
    std::optional<Stages> stages(std::string_view file) const;
    std::optional<std::vector<Action>> actions(std::string_view file) const;

private:
    template <class Read>
    auto read(std::string_view file, Read read) const -> decltype(read());

    Control control_;
    std::string shown_;
    std::vector<std::string>& errors_;
};

}
