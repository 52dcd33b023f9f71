#include "support/temp_home.hpp"

#include "base/sys/cdb.hpp"

#include <gtest/gtest.h>

#include <filesystem>

using namespace grapnel;
using namespace grapnel::test;

TEST(TempHome, HasAnEmptyQueueAndGoesAway)
{
    std::string path;
    {
        const TempHome home;
        path = home.path();
        EXPECT_TRUE(std::filesystem::is_directory(home / "queue/mess/2"));
        EXPECT_FALSE(std::filesystem::exists(home / "queue/mess/3"));
        EXPECT_TRUE(std::filesystem::is_fifo(home / "queue/lock/trigger"));
        EXPECT_EQ(std::filesystem::file_size(home / "queue/lock/tcpto"), 1024u);
        EXPECT_TRUE(home.queue_files().empty());
        home.write("queue/mess/1/4", "x");
        EXPECT_EQ(home.queue_files(), std::vector<std::string>{"mess/1/4"});
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TempHome, ControlFilesAndUsers)
{
    TempHome home;
    EXPECT_EQ(home.read("control/me"), "here.example\n");
    home.control("locals", "a\nb");
    EXPECT_EQ(home.read("control/locals"), "a\nb\n");
    home.no_control("locals");
    EXPECT_EQ(home.read("control/locals"), "");

    home.user("joe");
    const auto jane = home.user("jane");
    EXPECT_TRUE(std::filesystem::is_directory(jane + "/Maildir/new"));
    const auto cdb = CdbReader::open(home / "users/cdb");
    ASSERT_TRUE(cdb);
    EXPECT_EQ(cdb->find(std::string("!jane\0", 6))->substr(0, 5), std::string("jane\0", 5));
    EXPECT_EQ(cdb->find(""), "-");
    EXPECT_TRUE(cdb->find("!joe-")->ends_with(std::string("\0-\0", 3)));
}
