// qmail-queue as it is installed: setuid qmailq, started by anybody.
#include "queue/real_home.hpp"
#include "queue/submit.hpp"
#include "support/recorded.hpp"

#include "base/sys/file.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

using namespace grapnel;
using namespace grapnel::test;
using namespace std::string_literals;

namespace {

class Setuid : public ::testing::Test {
protected:
    void SetUp() override
    {
        if (const auto reason = RealHome::why_not(); !reason.empty()) GTEST_SKIP() << reason;
        real_.emplace();
    }
    Submitted as(const std::string& user, Injection injection = {})
    {
        auto wrapper = real_->as(user);
        wrapper.insert(wrapper.end(), injection.wrapper.begin(), injection.wrapper.end());
        injection.wrapper = wrapper;
        injection.real = true;
        return submit(real_->home(), injection);
    }
    const TempHome& home() { return real_->home(); }
    std::optional<RealHome> real_;
};

const auto received = "Fa\0Tb\0\0received=1\0"s;

}

TEST_F(Setuid, FilesBelongToTheQueueAndSayWhoCalled)
{
    EXPECT_EQ(as("joe").code, 0);
    const auto about = *status_if_there(home() / ("queue/" + only_file(home(), "todo")));
    EXPECT_EQ(about.st_uid, real_->uid("qmailq"));
    EXPECT_EQ(about.st_mode, S_IFREG | 0644u);
    EXPECT_EQ(queue_file(home(), "todo").substr(0, 7),
              "u" + std::to_string(real_->uid("joe")) + '\0');
}

TEST_F(Setuid, OnlyQmaildIsBelievedAboutReceived)
{
    EXPECT_EQ(as("qmaild", {.envelope = received}).code, 0);
    EXPECT_EQ(queue_file(home(), "mess"), "Subject: x\n\nhi\n");
    for (const auto* user : {"joe", "root", "alias", "qmails", "qmailr"}) {
        real_.emplace();
        EXPECT_EQ(as(user, {.envelope = received}).code, 0);
        EXPECT_TRUE(queue_file(home(), "mess").starts_with("Received: (qmail ")) << user;
        EXPECT_NE(queue_file(home(), "todo").find(" received=1"), std::string::npos);
    }
}

TEST_F(Setuid, TheCallersEnvironmentLeadsItNowhere)
{
    const TempHome elsewhere;
    EXPECT_EQ(as("joe", {.environment = {"QMAILHOME=" + elsewhere.path(), "LD_PRELOAD=/no.so",
                                         "TZ=:/etc/shadow", "GCONV_PATH=/tmp"}})
                  .code,
              0);
    EXPECT_EQ(elsewhere.queue_files(), std::vector<std::string>{});
    EXPECT_EQ(home().queue_files().size(), 3u);
}

TEST_F(Setuid, WithoutItsRightsItSaysSo)
{
    const auto lost = as("joe", {.wrapper = {"setpriv", "--no-new-privs"}});
    EXPECT_EQ(lost.code, 62);
    EXPECT_EQ(lost.response, "Zqmail-queue does not run as the owner of the queue: its setuid bit "
                             "is lost or not honoured (#4.3.5)");
    ASSERT_EQ(::chmod(home().program("qmail-queue").c_str(), 0755), 0);
    EXPECT_EQ(as("root").response, lost.response);   // root could, and the files would be root's
    EXPECT_EQ(home().queue_files(), std::vector<std::string>{});
}

TEST_F(Setuid, TheCallersLimitsAndClosedDescriptorsDoNoHarm)
{
    const auto limited =
        as("joe", {.message = std::string(200000, 'x'), .wrapper = {"prlimit", "--fsize=50000"}});
    EXPECT_EQ(limited.code, 53);
    const auto crowded = as("joe", {.wrapper = {"prlimit", "--nofile=6"}});
    EXPECT_GE(crowded.code, 62);
    EXPECT_LE(crowded.code, 66);
    EXPECT_EQ(home().queue_files(), std::vector<std::string>{});
    EXPECT_EQ(as("joe", {.wrapper = {"sh", "-c", "exec \"$@\" 2>&- 3>&- 4>&-", "sh"}}).code, 0);
}

TEST_F(Setuid, RootLetsGoWhatIsHeldAndNobodyElseDoes)
{
    const auto id = "019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f"s;
    const auto records = "id="s + id + "\0held=scan/why\0received=1\0"s;
    EXPECT_EQ(as("qmaild", {.envelope = "Fa\0Tb\0\0"s + records}).code, 0);
    EXPECT_EQ(home().queue_files(), std::vector<std::string>{});
    const auto release = [&](const std::string& user) {
        auto words = real_->as(user);
        words.insert(words.end(), {home().program("qmail-quarantine"), "release", id});
        return run({.argv = words, .environment = {"PATH=/usr/local/bin:/usr/bin:/bin"}});
    };
    EXPECT_EQ(release("joe").ending.code, 111);
    const auto done = release("root");
    EXPECT_EQ(done.ending.code, 0) << done.errors;
    EXPECT_TRUE(list_directory(home() / "queue/quarantine").empty());
    EXPECT_TRUE(queue_file(home(), "mess").ends_with("\nSubject: x\n\nhi\n"));
    const auto todo = queue_file(home(), "todo");
    EXPECT_TRUE(todo.starts_with("u" + std::to_string(real_->uid("qmailq")) + '\0'));
    EXPECT_NE(todo.find(" id=" + id), std::string::npos);
}
