// Out to other mail systems: Postfix's smtp-sink, and a second instance of ours.
#include "programs/pipeline.hpp"

#include <filesystem>

using namespace grapnel::test;

using Peers = Pipeline;

namespace {

const std::string sink = PEERS "/usr/sbin/smtp-sink";

}

class PostfixSink : public Pipeline, public ::testing::WithParamInterface<const char*> {};

TEST_P(PostfixSink, GetsTheMessage)
{
    if (!std::filesystem::exists(sink))
        GTEST_SKIP() << "skipped: no " << sink << " (scripts/peers build/peers)";
    const TempDirectory dumps;
    std::filesystem::permissions(dumps.path(), std::filesystem::perms::all);
    const auto port = free_port();
    std::vector<std::string> argv{sink, "-d", dumps / "got.", "-u", "nobody"};
    if (::geteuid() != 0) argv.resize(3);
    if (*GetParam()) argv.push_back(GetParam());
    argv.insert(argv.end(), {"127.0.0.1:" + std::to_string(port), "20"});
    Process peer({.argv = argv, .environment = {"LD_LIBRARY_PATH=" PEERS "/usr/lib/postfix"}});
    connect_to(port, patience);

    next_hop("127.0.0.1:" + std::to_string(port));
    Instance mta(home);
    SmtpClient(mta.port())
        .deliver("joe@here.example", {"x@far.example", "y@far.example"}, a_message());
    EXPECT_TRUE(wait_until([&] {
        return mta.log_count(": success: 127.0.0.1_accepted_message.") == 2;
    })) << mta.log()
        << peer.errors();
    const auto whole = [&] {
        std::size_t found = 0;
        for (const auto& entry : std::filesystem::directory_iterator(dumps.path()))
            found += trace_of(slurp(entry.path()).substr(slurp(entry.path()).find("Received: ")),
                              a_message())
                         .has_value();
        return found;
    };
    EXPECT_TRUE(wait_until([&] { return whole() == 2; }));
}

// With everything; without ESMTP, PIPELINING, 8BITMIME.
INSTANTIATE_TEST_SUITE_P(All, PostfixSink, ::testing::Values("", "-e", "-p", "-8"),
                         [](const auto& form) {
                             return std::string(*form.param ? "Without" : "Plain") +
                                    (*form.param ? form.param + 1 : "");
                         });

TEST_F(Peers, FromInstanceToInstanceAndBack)
{
    TempHome there;
    there.control("me", "there.example");
    const auto ann = there.user("ann");
    Instance far(there);
    home.control("smtproutes", "there.example:127.0.0.1:" + std::to_string(far.port()));
    Instance near(home);
    there.control("smtproutes", "here.example:127.0.0.1:" + std::to_string(near.port()));

    SmtpClient(near.port())
        .deliver("joe@here.example", {"ann@there.example", "nobody@there.example"}, a_message());
    ASSERT_TRUE(wait_for_maildir(ann + "/Maildir", 1)) << near.log() << far.log();
    EXPECT_TRUE(trace_of(maildir_messages(ann + "/Maildir")[0], a_message()));
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << near.log() << far.log();
    const auto notice = maildir_messages(maildir)[0];
    EXPECT_NE(notice.find("<nobody@there.example>:\n"), std::string::npos) << notice;
    EXPECT_TRUE(near.wait_until_empty());
    EXPECT_TRUE(far.wait_until_empty());
    EXPECT_TRUE(near.stop()) << near.log();
    EXPECT_TRUE(far.stop()) << far.log();
}

TEST_F(Peers, ALoopBetweenTwoEnds)
{
    home.control("locals", "nowhere.example");
    home.control("rcpthosts", "loop.example");
    Instance mta(home);
    next_hop("127.0.0.1:" + std::to_string(mta.port()));
    home.control("helohost", "other.example");
    home.control("smtpgreeting", "loop.example");
    mta.stop_smtpd();
    mta.start_smtpd();
    SmtpClient(mta.port()).deliver("", {"x@loop.example"}, a_message());
    EXPECT_TRUE(mta.wait_for_log("failure: ")) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty()) << mta.log();
}
