// What the tests of whole pipelines share: a home with a user, relaying for this machine, and a
// next hop.
#pragma once

#include "support/instance.hpp"
#include "support/maildir.hpp"
#include "support/smtp_client.hpp"
#include "support/smtp_script.hpp"
#include "support/temp_home.hpp"

#include <gtest/gtest.h>

#include <string>

namespace grapnel::test {

inline std::string a_message(const std::string& subject = "hello")
{
    return "From: a@client.example\nTo: joe@here.example\nSubject: " + subject +
           "\n\nDear Joe,\n.\nthat was a dot.\n";
}

// here.example with the user joe; clients on this machine may relay.
struct Pipeline : ::testing::Test {
    TempHome home;
    std::string joe = home.user("joe");
    std::string maildir = joe + "/Maildir";

    Pipeline() { home.control("smtprules", "127.:allow,RELAYCLIENT=\"\""); }

    // All mail to other domains goes there.
    void next_hop(const std::string& host_and_port) const
    {
        home.control("smtproutes", ":" + host_and_port);
    }

    // `.qmail` or `.qmail-EXTENSION` of joe.
    void dot_qmail(const std::string& text, const std::string& extension = "") const
    {
        spill(joe + "/.qmail" + (extension.empty() ? "" : "-" + extension), text, 0600);
    }
};

// The text of the first file that is more than empty at path, once it is there.
inline std::string wait_for_file(const std::string& path)
{
    std::string text;
    wait_until([&] { return !(text = slurp(path)).empty(); });
    return text;
}

}
