#include "support/maildir.hpp"

#include "base/sys/file.hpp"
#include "support/temp_home.hpp"

#include <gtest/gtest.h>

using namespace grapnel;
using namespace grapnel::test;

TEST(Maildir, MessagesOfNewAndCur)
{
    const TempDirectory maildir;
    for (const auto* name : {"new", "cur", "tmp"}) make_directory(maildir / name, 0700);
    spill(maildir / "new/1", "one");
    spill(maildir / "cur/2", "two");
    spill(maildir / "tmp/3", "three");
    EXPECT_EQ(maildir_messages(maildir.path()), (std::vector<std::string>{"two", "one"}));
    EXPECT_TRUE(wait_for_maildir(maildir.path(), 2));
    EXPECT_FALSE(wait_for_maildir(maildir.path(), 3, milliseconds(10)));
}

TEST(Maildir, TraceIsOnlyTraceFields)
{
    EXPECT_EQ(trace_of("Return-Path: <a>\nReceived: x\n  y\nReceived: own\n\nbody",
                       "Received: own\n\nbody"),
              "Return-Path: <a>\nReceived: x\n  y\n");
    EXPECT_EQ(trace_of("Received: x\n\nbody\n", "\nbody"), "Received: x\n");
    EXPECT_FALSE(trace_of("Subject: x\n\nbody", "\nbody"));
    EXPECT_FALSE(trace_of("Received: x\n\nbodY", "\nbody"));
    EXPECT_FALSE(trace_of("Received: x\nbody", "body!"));
}
