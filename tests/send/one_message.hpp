// A home with one message in its queue, and what has become of it.
#pragma once

#include "send/sending.hpp"

#include "base/sys/file.hpp"
#include "support/wait.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace grapnel::test {

struct OneMessage : testing::Test {
    TempHome home;
    MessageNumber n = 0;
    OneMessage() { home.control("locals", "here.example"); }

    std::string text() const { return std::to_string(n); }
    std::string at(std::string_view folder) const { return queue_path(home, folder, n); }
    bool is_there(std::string_view folder) const { return status_if_there(at(folder)).has_value(); }
    void lay(const std::vector<std::string>& recipients)
    {
        n = lay_message(home, "s@a.example", recipients);
    }
    bool comes(std::string_view folder, const std::string& bytes) const
    {
        return wait_until([&] { return slurp(at(folder)) == bytes; });
    }
    bool all_is_gone() const
    {
        return wait_until([&] { return home.queue_files().empty(); });
    }
};

}
