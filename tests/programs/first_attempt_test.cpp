// The whole system and mail that is tried straight from todo: the common message leaves no trace in
// info, local and remote; what cannot be delivered at once lies there.
#include "base/sys/file.hpp"
#include "programs/pipeline.hpp"
#include "support/queue_watch.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <csignal>

using namespace grapnel::test;

struct FirstAttempt : Pipeline {
    SmtpScript far;
    QueueWatch sorted{home, {"info", "local", "remote"}};
    FirstAttempt() { next_hop(far.route()); }

    static std::string deliver(const Instance& mta, const std::vector<std::string>& recipients)
    {
        return SmtpClient(mta.port()).deliver("a@client.example", recipients, a_message());
    }
};

TEST_F(FirstAttempt, OfTheCommonMessageMakesNoFile)
{
    Instance mta(home);
    deliver(mta, {"joe@here.example", "x@far.example"});
    ASSERT_TRUE(mta.wait_for_log("end msg ")) << mta.log();
    EXPECT_EQ(maildir_count(maildir), 1u);
    EXPECT_EQ(far.messages().size(), 1u);
    EXPECT_TRUE(mta.wait_until_empty());
    EXPECT_TRUE(mta.stop());
    EXPECT_EQ(sorted.made(), 0u);
}

TEST_F(FirstAttempt, ThatFailsForOneIsOnFileForAll)
{
    Instance mta(home);
    deliver(mta, {"joe@here.example", "nobody-knows-him@here.example"});
    ASSERT_TRUE(mta.wait_for_log("bounce msg ")) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
    EXPECT_EQ(maildir_count(maildir), 1u) << "once";
    EXPECT_EQ(sorted.made(), 2u) << "info and local of the message; none of its bounce";
    EXPECT_TRUE(mta.stop());
}

TEST_F(FirstAttempt, ThatIsDeferredGoesOnAsAnyMessage)
{
    dot_qmail("|test -e open || exit 111\n./Maildir/\n");
    Instance mta(home);
    deliver(mta, {"joe@here.example"});
    ASSERT_TRUE(mta.wait_for_log("deferral:")) << mta.log();
    ASSERT_TRUE(wait_until([&] { return sorted.made() == 2; }));
    spill(joe + "/open", "");
    mta.alarm();
    EXPECT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
}

TEST_F(FirstAttempt, ThatIsSlowIsMarkedWhereItsRecordCameToLie)
{
    ASSERT_EQ(::mkfifo((joe + "/gate").c_str(), 0600), 0);
    dot_qmail("|read line <gate\n./Maildir/\n");
    dot_qmail("./Maildir/\n", "quick");
    Instance mta(home);
    deliver(mta, {"joe-quick@here.example", "joe@here.example"});
    ASSERT_TRUE(wait_until([&] { return sorted.made() == 2; })) << mta.log();
    spill(joe + "/gate", "now\n");
    EXPECT_TRUE(wait_for_maildir(maildir, 2)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
    EXPECT_TRUE(mta.stop()) << mta.log();
    EXPECT_EQ(maildir_count(maildir), 2u);
}

TEST_F(FirstAttempt, ThatIsInterruptedIsMadeAgain)
{
    ASSERT_EQ(::mkfifo((joe + "/gate").c_str(), 0600), 0);
    dot_qmail("|read line <gate\n./Maildir/\n");
    Instance mta(home);
    deliver(mta, {"joe@here.example"});
    grapnel::Fd gate;   // opened once the delivery waits at it
    ASSERT_TRUE(wait_until([&] {
        gate = grapnel::Fd(::open((joe + "/gate").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
        return static_cast<bool>(gate);
    }));
    mta.send().kill(SIGKILL);
    mta.send().wait();
    dot_qmail("./Maildir/\n");
    mta.start_send();   // with it ends what the first one left running
    EXPECT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
}
