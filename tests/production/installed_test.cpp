// The installed system: who owns what, who runs as whom, and mail through all of it.
#include "production/installed.hpp"

#include "base/sys/file.hpp"
#include "base/text.hpp"
#include "support/example_scanner.hpp"
#include "support/instance.hpp"
#include "support/intruder.hpp"
#include "support/maildir.hpp"
#include "support/smtp_client.hpp"
#include "support/smtp_script.hpp"
#include "support/tls.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

using namespace grapnel;
using namespace grapnel::test;

namespace {

const std::string message = "From: a@client.example\nSubject: hello\n\nDear Joe\n";

struct Who {
    std::string uids;     // "real effective saved filesystem"
    std::string groups;   // group and supplementary ones
    std::string status;   // all of /proc/PID/status
};

// The process of qmail-smtpd that does nothing else.
bool reads_keys(const Who& process) { return process.status.starts_with("Name:\tsmtpd-keys\n"); }

}

class Production : public ::testing::Test {
protected:
    std::optional<Installed> system;
    SmtpScript far;
    std::optional<Process> send, smtpd;
    Port port = 0;

    void SetUp() override
    {
        if (const auto why = Installed::unavailable(); !why.empty())
            GTEST_SKIP() << "skipped: " << why;
        system.emplace();
        system->control("smtproutes", ":" + far.route());
        system->control("smtprules", "127.:allow,RELAYCLIENT=\"\"");
    }

    std::string log() const { return slurp(log_path()); }
    std::string log_path() const { return system->joe() + "/../log"; }

    void start()
    {
        // The log is written by qmaill: a place where he may.
        spill(log_path(), "");
        ASSERT_EQ(::chown(log_path().c_str(), Installed::uid("qmaill"), Installed::gid("nofiles")),
                  0);
        const Fd nothing = open_file("/dev/null", O_RDWR);
        auto launch = system->launch(
            {"qmail-start", "./Maildir/", "/bin/sh", "-c", "exec cat >> " + log_path()});
        launch.own_group = true;
        launch.descriptors = {{0, nothing.get()}, {1, nothing.get()}, {2, nothing.get()}};
        send.emplace(launch);
        ASSERT_TRUE(wait_until([&] {
            return log().find("status: local 0/10") != std::string::npos;
        })) << log();

        port = free_port();
        launch = system->launch({"qmail-smtpd", "--listen", "127.0.0.1:" + std::to_string(port)});
        launch.own_group = true;
        smtpd.emplace(launch);
        const SmtpClient greeted(port);   // by a worker
    }

    void TearDown() override
    {
        if (!send) return;
        for (auto* process : {&smtpd, &send}) {
            if (!*process) continue;   // it did not come so far
            (*process)->kill(SIGTERM);
            const auto ending = (*process)->wait();
            EXPECT_TRUE(ending && ending->success()) << log() << (*process)->errors();
        }
        EXPECT_TRUE(wait_until([&] {
            return log().find("status: exiting\n") != std::string::npos;
        })) << log();   // the logger may be a little behind
        EXPECT_TRUE(wait_until([&] { return running().empty(); }))
            << running().begin()->first << " outlives qmail-send";
    }

    // The processes of bin/, by name, with the ids of each.
    std::map<std::string, std::vector<Who>> running() const
    {
        std::map<std::string, std::vector<Who>> result;
        for (const auto& name : list_directory("/proc")) {
            if (!parse_number<unsigned>(name)) continue;
            std::error_code gone;
            const auto executable =
                std::filesystem::read_symlink("/proc/" + name + "/exe", gone).string();
            if (gone || executable.find(system->path() + "/bin/") == std::string::npos) continue;
            // Other homes may lie at the same place in other namespaces.
            if (std::filesystem::read_symlink("/proc/" + name + "/ns/mnt", gone) !=
                std::filesystem::read_symlink("/proc/self/ns/mnt", gone))
                continue;
            const auto status = slurp("/proc/" + name + "/status");
            result[executable.substr(executable.rfind('/') + 1)].push_back(
                {status_field(status, "Uid"),
                 status_field(status, "Gid") + " / " + status_field(status, "Groups"), status});
        }
        return result;
    }
};

TEST_F(Production, ScannersAreAskedByAUserOfTheirOwn)
{
    ExampleScanner scanner;
    scanner.configure_in(*system / "control", "10-example", "data");
    const auto token = *system / "control/hooks/10-example/token";
    ASSERT_EQ(::chown(token.c_str(), Installed::uid("qmailh"), Installed::gid("nofiles")), 0);
    spill(*system / "control/servercert.pem", "a key\n", 0600);
    start();
    ASSERT_TRUE(wait_until([&] { return log().find("registered as") != std::string::npos; }))
        << log();
    const auto programs = running();
    ASSERT_EQ(programs.count("qmail-hookd"), 1u);
    const auto id = std::to_string(Installed::uid("qmailh"));
    const auto group = std::to_string(Installed::gid("nofiles"));
    EXPECT_EQ(programs.at("qmail-hookd").at(0).uids, id + ' ' + id + ' ' + id + ' ' + id);
    EXPECT_EQ(programs.at("qmail-hookd").at(0).groups.substr(0, group.size()), group);
    EXPECT_EQ(ownership(*system / "hookd/state/10-example"), "qmailh:nofiles 0600");
    const auto reads = [&](const std::string& file) {
        return run({.argv = {"/usr/bin/setpriv", "--reuid", id, "--regid", group, "--clear-groups",
                             "/bin/cat", *system / file}}) == 0;
    };
    EXPECT_TRUE(reads("control/me") && reads("control/hooks/10-example/token"));
    EXPECT_FALSE(reads("control/servercert.pem"));
    const auto reply =
        SmtpClient(port).deliver("a@client.example", {"joe@here.example"}, "Subject: [virus]\n\n");
    EXPECT_EQ(reply.substr(0, 9), "550 5.7.1") << reply << log();
    const auto taken = SmtpClient(port).deliver("a@client.example", {"joe@here.example"}, message);
    EXPECT_EQ(taken.substr(0, 3), "250") << taken << log();
    EXPECT_TRUE(wait_for_maildir(system->joe() + "/Maildir", 1)) << log();
}

TEST_F(Production, EtrnReachesQmailSendFromQmailSmtpdAndNobodyElse)
{
    system->control("smtpext", "+ETRN");
    start();
    SmtpClient client(port);
    client.command("EHLO client.example");
    EXPECT_EQ(client.command("ETRN a.example").substr(0, 9), "251 2.0.0") << log();

    auto launch = system->launch({"qmail-smtpd"}, "qmaild");
    launch.environment.emplace_back("RELAYCLIENT=");
    const auto session = run(launch, "EHLO client.example\r\nETRN b.example\r\nQUIT\r\n");
    EXPECT_NE(session.output.find("\r\n251 2.0.0 "), std::string::npos) << session.output;
    EXPECT_NE(log().find("hasten b.example: 0 messages\n"), std::string::npos) << log();

    const auto ask_as = [&](const std::string& user, const std::string& group) {
        return run({.argv = {"/usr/bin/setpriv", "--reuid", std::to_string(Installed::uid(user)),
                             "--regid", std::to_string(Installed::gid(group)), "--clear-groups",
                             "python3", "-c",
                             "import socket\n"
                             "s = socket.socket(socket.AF_UNIX)\n"
                             "s.connect('" +
                                 (*system / "run/send/hasten") +
                                 "')\n"
                                 "try:\n"
                                 "    s.sendall(b'hasten c.example\\n')\n"
                                 "    print(s.recv(100).decode())\n"
                                 "except OSError as error:\n"
                                 "    print(error)\n"}});
    };
    EXPECT_EQ(ask_as("qmaild", "nofiles").output, "done 0\n\n");
    EXPECT_EQ(ask_as("alias", "nofiles").output.find("done"), std::string::npos);
    EXPECT_NE(ask_as("joe", "joe").errors.find("PermissionError"), std::string::npos);
}

TEST_F(Production, OwnersAndModesAreTheContracts)
{
    const std::map<std::string, std::string> contract{
        {"", "root:qmail 0755"},
        {"control", "root:qmail 0755"},
        {"users", "root:qmail 0755"},
        {"bin", "root:qmail 0755"},
        {"alias", "alias:qmail 2755"},
        {"queue", "qmailq:qmail 0750"},
        {"queue/pid", "qmailq:qmail 0700"},
        {"queue/intd", "qmailq:qmail 0700"},
        {"queue/todo", "qmailq:qmail 0750"},
        {"queue/bounce", "qmails:qmail 0700"},
        {"queue/mess", "qmailq:qmail 0750"},
        {"queue/mess/22", "qmailq:qmail 0750"},
        {"queue/info/0", "qmails:qmail 0700"},
        {"queue/local/7", "qmails:qmail 0700"},
        {"queue/remote/22", "qmails:qmail 0700"},
        {"queue/lock", "qmailq:qmail 0750"},
        {"queue/lock/tcpto", "qmailr:qmail 0644"},
        {"queue/lock/sendmutex", "qmails:qmail 0600"},
        {"queue/lock/trigger", "qmails:qmail 0622"},
        {"queue/quarantine", "qmailq:qmail 0700"},
        {"run", "root:qmail 0755"},
        {"run/spool", "qmaild:nofiles 0700"},
        {"run/send", "qmails:nofiles 0710"},
        {"bin/qmail-queue", "qmailq:qmail 4711"},
        {"bin/qmail-lspawn", "root:qmail 0700"},
        {"bin/qmail-start", "root:qmail 0700"},
        {"bin/qmail-newu", "root:qmail 0700"},
        {"bin/qmail-newmrh", "root:qmail 0700"},
        {"bin/qmail-newmvrt", "root:qmail 0700"},
        {"bin/qmail-newsendas", "root:qmail 0700"},
        {"bin/qmail-saslpasswd", "root:qmail 0700"},
        {"bin/qmail-getpw", "root:qmail 0711"},
        {"bin/qmail-local", "root:qmail 0711"},
        {"bin/qmail-remote", "root:qmail 0711"},
        {"bin/qmail-rspawn", "root:qmail 0711"},
        {"bin/qmail-clean", "root:qmail 0711"},
        {"bin/qmail-send", "root:qmail 0711"},
        {"bin/splogger", "root:qmail 0711"},
        {"bin/qmail-inject", "root:qmail 0755"},
        {"bin/qmail-smtpd", "root:qmail 0755"},
        {"bin/sendmail", "root:qmail 0755"},
        {"bin/qmail-showctl", "root:qmail 0755"},
        {"bin/qmail-pw2u", "root:qmail 0711"},
        {"bin/qmail-popup", "root:qmail 0711"},
        {"bin/qmail-pop3d", "root:qmail 0755"},
        {"bin/qmail-qmqpc", "root:qmail 0755"},
        {"bin/qmail-qmqpd", "root:qmail 0755"},
        {"bin/maildir2mbox", "root:qmail 0755"},
        {"bin/pinq", "root:qmail 0755"},
        {"bin/mailsubj", "root:qmail 0755"},
        {"boot/binm1+df", "root:qmail 0755"},
        {"boot/qmail-send.service", "root:qmail 0644"},
        {"boot/qmail-smtpd.service", "root:qmail 0644"},
        {"man/man7/qmail.7", "root:qmail 0644"},
        {"bin/qmail-qread", "root:qmail 0755"}};
    for (const auto& [name, wanted] : contract)
        EXPECT_EQ(ownership(*system / name), wanted) << name;
    EXPECT_EQ(ownership(*system / "queue/mess/23"), "missing");
    EXPECT_EQ(std::filesystem::file_size(*system / "queue/lock/tcpto"), 1024u);
}

// The second half of an installation, on the machine itself; and again, which changes no key.
TEST_F(Production, ANewServerHasTlsAndItsKeyIsRootsAlone)
{
    const auto lay_out = [&] {
        return run({.argv = {LAYOUT_SCRIPT, system->path()},
                    .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}}) == 0;
    };
    const auto file = *system / "control/servercert.pem";
    ASSERT_TRUE(lay_out());
    EXPECT_EQ(ownership(file), "root:qmail 0600");
    const auto key = slurp(file);
    ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
    EXPECT_TRUE(lay_out());
    EXPECT_EQ(slurp(file), key);
    EXPECT_EQ(ownership(file), "root:qmail 0640");
    start();
    {
        TlsClient client(after_starttls(port));
        EXPECT_TRUE(client.good()) << client.trouble();
        EXPECT_EQ(client.certificate_name(), "here.example");
        EXPECT_TRUE(client.command("EHLO client.example").starts_with("250"));
    }
    const auto next = make_certificate("renewed");
    spill(file, next.both(), 0600);
    EXPECT_TRUE(wait_until(
        [&] { return TlsClient(after_starttls(port)).certificate_name() == "renewed"; }));
}

TEST_F(Production, FilesThatTheirReadersCannotReadAreNamed)
{
    system->control("rcpthosts", "here.example");
    const auto wrong = [&] {
        const auto done = run(system->launch({"qmail-showctl", "--check"}));
        EXPECT_EQ(done.ending.code, done.output.empty() ? 0 : 1) << done.errors;
        return done.output;
    };
    EXPECT_EQ(wrong(), "");
    const auto change = [&](const char* name, mode_t mode) {
        ASSERT_EQ(::chmod((system->path() + "/control/" + name).c_str(), mode), 0);
    };
    change("rcpthosts", 0600);
    EXPECT_EQ(wrong(), "rcpthosts: qmail-smtpd (user qmaild) cannot read it.\n");
    change("rcpthosts", 0644);
    change("me", 0640);
    EXPECT_EQ(wrong(), "me: Not all programs can read it.\n");
    change("me", 0644);
}

TEST_F(Production, EachProgramRunsUnderItsOwnUid)
{
    start();
    const auto ids = [](std::string_view user) {
        const auto number = std::to_string(Installed::uid(user));
        return number + ' ' + number + ' ' + number + ' ' + number;
    };
    auto processes = running();
    const auto qmail = std::to_string(Installed::gid("qmail"));
    const auto in_qmail = qmail + ' ' + qmail + ' ' + qmail + ' ' + qmail + " / ";
    ASSERT_EQ(processes["qmail-send"].size(), 2u);   // one runs qmail-queue for the other
    for (const auto& one : processes["qmail-send"]) {
        EXPECT_EQ(one.uids, ids("qmails"));
        EXPECT_TRUE(one.groups.starts_with(in_qmail));
    }
    ASSERT_EQ(processes["qmail-clean"].size(), 1u);
    EXPECT_EQ(processes["qmail-clean"][0].uids, ids("qmailq"));
    ASSERT_GE(processes["qmail-rspawn"].size(), 1u);
    EXPECT_EQ(processes["qmail-rspawn"][0].uids, ids("qmailr"));
    // It alone is in all groups of its user, as with the originals.
    EXPECT_EQ(trim(processes["qmail-rspawn"][0].groups),
              in_qmail + qmail + ' ' + std::to_string(Installed::gid("keys")));
    EXPECT_EQ(trim(processes["qmail-clean"][0].groups), in_qmail + qmail);
    ASSERT_GE(processes["qmail-lspawn"].size(), 1u);
    EXPECT_EQ(processes["qmail-lspawn"][0].uids, "0 0 0 0");
    EXPECT_EQ(trim(processes["qmail-lspawn"][0].groups.substr(
                  processes["qmail-lspawn"][0].groups.find('/') + 1)),
              qmail);
    for (const auto& smtpd_process : processes["qmail-smtpd"])
        EXPECT_EQ(smtpd_process.uids, reads_keys(smtpd_process) ? "0 0 0 0" : ids("qmaild"));
    EXPECT_GE(processes["qmail-smtpd"].size(), 3u);
    EXPECT_EQ(std::ranges::count_if(processes["qmail-smtpd"], reads_keys), 1);
    for (const auto& [name, all] : processes)
        for (const auto& one : all)
            if (name != "qmail-lspawn" && !reads_keys(one)) {
                EXPECT_EQ(one.uids.find("0 0 0 0"), std::string::npos) << name;
            }
}

// The table of privileges (docs/internals.md), as the kernel says it.
TEST_F(Production, EachProgramKeepsOnlyItsRow)
{
    const std::string none(16, '0'), bounds = "00000000000000e5", its_own = "00000000000000e4",
                                     reads_all = "0000000000000004";
    spill(system->joe() + "/.qmail-row", "|cat /proc/self/status /proc/self/limits > row\n", 0644);
    start();
    auto processes = running();
    unsigned confined = 0;
    for (const auto& [name, all] : processes)
        for (const auto& one : all) {
            const auto kept = name == "qmail-lspawn" ? its_own : reads_keys(one) ? reads_all : none;
            EXPECT_EQ(status_field(one.status, "CapEff"), kept) << name;
            EXPECT_EQ(status_field(one.status, "CapPrm"), kept) << name;
            EXPECT_EQ(status_field(one.status, "CapInh"), none) << name;
            if (name != "qmail-smtpd") {
                EXPECT_EQ(status_field(one.status, "CapBnd"), bounds) << name;
            }
            if (name == "qmail-rspawn") { EXPECT_EQ(status_field(one.status, "NoNewPrivs"), "1"); }
            if (status_field(one.status, "Seccomp") == "2" &&
                status_field(one.status, "NoNewPrivs") == "1")
                ++confined;
        }
    // qmail-send, qmail-clean, qmail-queued, and the workers of qmail-smtpd.
    EXPECT_GE(confined, 4u);

    EXPECT_TRUE(SmtpClient(port)
                    .deliver("a@b.example", {"joe-row@here.example"}, message)
                    .starts_with("250 "));
    const auto path = system->joe() + "/row";
    ASSERT_TRUE(wait_until([&] { return log().find("end msg ") != std::string::npos; })) << log();
    // A user's program has what it would have without us, but for the bounds.
    const auto his = slurp(path);
    EXPECT_EQ(status_field(his, "CapBnd"), bounds);
    EXPECT_EQ(status_field(his, "NoNewPrivs"), "0");
    EXPECT_EQ(status_field(his, "Seccomp"), status_field(slurp("/proc/self/status"), "Seccomp"));
    EXPECT_EQ(his.substr(his.find("Limit ")), slurp("/proc/self/limits"));
}

TEST_F(Production, MailThroughAllOfIt)
{
    spill(*system / "alias/.qmail-info", "./Mailbox\n|id -u > who\n", 0644);
    spill(system->joe() + "/.qmail-who", "|{ id -u; id -g; id -G; } > who\n", 0644);
    start();
    // From the network: to a user of /etc/passwd, to alias, to another host, to nobody.
    EXPECT_TRUE(SmtpClient(port)
                    .deliver("joe@here.example",
                             {"joe@here.example", "joe-who@here.example", "info@here.example",
                              "x@far.example", "nobody@here.example"},
                             message)
                    .starts_with("250 "));
    ASSERT_TRUE(wait_for_maildir(system->joe() + "/Maildir", 2)) << log();
    ASSERT_TRUE(far.wait_for_messages(1)) << log();
    ASSERT_TRUE(wait_until([&] { return count_of("end msg ", log()) == 2; })) << log();

    std::string notice, mail;
    for (const auto& one : maildir_messages(system->joe() + "/Maildir"))
        (one.starts_with("Return-Path: <>") ? notice : mail) = one;
    EXPECT_TRUE(trace_of(mail, message)) << mail;
    EXPECT_NE(
        notice.find("<nobody@here.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n"),
        std::string::npos)
        << notice;
    EXPECT_NE(notice.find(" for bounce); "), std::string::npos) << notice;
    for (const auto& entry : std::filesystem::directory_iterator(system->joe() + "/Maildir/new"))
        EXPECT_EQ(ownership(entry.path()), "joe:joe 0600");

    const auto joe = std::to_string(Installed::uid("joe")),
               his_group = std::to_string(Installed::gid("joe"));
    EXPECT_EQ(slurp(system->joe() + "/who"), joe + '\n' + his_group + '\n' + his_group + '\n');
    EXPECT_EQ(slurp(*system / "alias/who"), std::to_string(Installed::uid("alias")) + '\n');
    EXPECT_TRUE(ownership(*system / "alias/Mailbox").starts_with("alias:"))
        << ownership(*system / "alias/Mailbox");
}

// qmail-queued is given what sendmail has; the setuid program is started where it is asked for.
TEST_F(Production, AUserSubmitsWithAndWithoutTheSetuidProgram)
{
    start();
    const auto joe = std::to_string(Installed::uid("joe"));
    for (const bool by_program : {false, true}) {
        auto launch = system->launch({"sendmail", "-t", "-oi"}, "joe");
        if (by_program) launch.environment.emplace_back("QMAILQUEUE=bin/qmail-queue");
        Process sendmail(launch);
        sendmail.write("To: joe\nSubject: mine\n\nbody\n");
        const auto ending = sendmail.wait();
        EXPECT_TRUE(ending && ending->success()) << sendmail.errors();
        ASSERT_TRUE(wait_for_maildir(system->joe() + "/Maildir", by_program ? 2 : 1)) << log();
        const auto it = " qp " + std::to_string(sendmail.pid()) + " uid " + joe + '\n';
        EXPECT_EQ(log().find(it) == std::string::npos, by_program) << it << log();
    }
    for (const auto& mail : maildir_messages(system->joe() + "/Maildir"))
        EXPECT_NE(mail.find(" invoked by uid " + joe + "); "), std::string::npos) << mail;
    // He sees nothing of the queue.
    EXPECT_NE(run({.argv = {"/usr/bin/setpriv", "--reuid", std::to_string(Installed::uid("joe")),
                            "--clear-groups", "--regid", std::to_string(Installed::gid("joe")),
                            "ls", *system / "queue"}})
                  .ending.code,
              0);
}

TEST_F(Production, QueuedFilesBelongToWhoMadeThem)
{
    system->control("smtproutes", ":127.0.0.1:" + std::to_string(free_port()));
    start();
    EXPECT_TRUE(
        SmtpClient(port).deliver("a@b.example", {"x@far.example"}, message).starts_with("250 "));
    ASSERT_TRUE(wait_until([&] { return log().find("deferral: ") != std::string::npos; })) << log();
    // It was tried straight from todo; what is put off comes into files of its own.
    ASSERT_TRUE(wait_until([&] { return list_directory(*system / "queue/todo").empty(); }));
    std::map<std::string, std::string> owners;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(*system / "queue"))
        if (entry.is_regular_file() && entry.path().parent_path().filename() != "lock")
            owners[std::filesystem::relative(entry.path(), *system / "queue").begin()->string()] =
                ownership(entry.path());
    EXPECT_EQ(owners.size(), 3u);
    EXPECT_TRUE(owners["mess"].starts_with("qmailq:") && owners["mess"].ends_with(" 0644"))
        << owners["mess"];
    EXPECT_EQ(owners["info"], "qmails:qmail 0600");
    EXPECT_EQ(owners["remote"], "qmails:qmail 0600");
    // -ALRM and a way out: it leaves.
    system->control("smtproutes", ":" + far.route());
    send->kill(SIGALRM);
    ASSERT_TRUE(far.wait_for_messages(1)) << log();
    ASSERT_TRUE(wait_until([&] { return log().find("end msg ") != std::string::npos; }));
}

// Both are started by root: the one because checkers need it, the other by mistake.
TEST_F(Production, WhoListensToStrangersIsNotRoot)
{
    const auto ids = std::to_string(Installed::uid("qmaild"));
    const auto daemon = ids + ' ' + ids + ' ' + ids + ' ' + ids;
    Process popup(system->launch({"qmail-popup", "pop.example", "/bin/false"}));
    ASSERT_TRUE(popup.wait_for_output("@pop.example>\r\n")) << popup.errors();
    auto processes = running();
    ASSERT_EQ(processes["qmail-popup"].size(), 2u);
    std::multiset<std::string> who;
    for (const auto& one : processes["qmail-popup"]) {
        who.insert(one.uids);
        if (one.uids != daemon) continue;
        EXPECT_EQ(status_field(one.status, "CapPrm"), std::string(16, '0'));
        EXPECT_EQ(status_field(one.status, "Seccomp"), "2");
        EXPECT_EQ(status_field(one.status, "NoNewPrivs"), "1");
    }
    EXPECT_EQ(who, (std::multiset<std::string>{"0 0 0 0", daemon}));
    popup.write("QUIT\r\n");
    ASSERT_TRUE(popup.wait());

    Process qmqpd(system->launch({"qmail-qmqpd"}));
    qmqpd.write("12:5:");
    ASSERT_TRUE(wait_until([&] {
        processes = running();
        const auto& all = processes["qmail-qmqpd"];
        return all.size() == 2 && all[0].uids == daemon && all[1].uids == daemon;
    }));
    qmqpd.close_input();
    ASSERT_TRUE(qmqpd.wait());
}

// A user's mail by POP3, as the checker starts it; and mail in by QMQP.
TEST_F(Production, MailComesByQmqpAndIsFetchedByPop3)
{
    start();
    const std::string text = "Subject: by another way\n\nx\n";
    const auto netstring = [](const std::string& bytes) {
        return std::to_string(bytes.size()) + ':' + bytes + ',';
    };
    const auto given =
        run(system->launch({"qmail-qmqpd"}, "qmaild"),
            netstring(netstring(text) + netstring("a@b.example") + netstring("joe@here.example")));
    EXPECT_NE(given.output.find(":Kok "), std::string::npos) << given.output << given.errors;
    ASSERT_TRUE(wait_for_maildir(system->joe() + "/Maildir", 1)) << log();
    // What has come in this very second is not shown yet.
    ASSERT_TRUE(wait_until([&] {
        const auto session = run(system->launch({"qmail-pop3d", system->joe() + "/Maildir"}, "joe"),
                                 "RETR 1\r\nDELE 1\r\nQUIT\r\n");
        return session.output.find("\r\nSubject: by another way\r\n\r\nx\r\n\r\n.\r\n"
                                   "+OK \r\n+OK \r\n") != std::string::npos;
    }));
    EXPECT_EQ(maildir_count(system->joe() + "/Maildir"), 0u);
    const auto as_root =
        run(system->launch({"qmail-pop3d", system->joe() + "/Maildir"}), "QUIT\r\n");
    EXPECT_EQ(as_root.ending.code, 1);
    EXPECT_EQ(as_root.errors, "qmail-pop3d invoked as uid 0, terminating\n");
}
