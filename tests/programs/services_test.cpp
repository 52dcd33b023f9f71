// The other services, with clients and servers that are not ours: mail fetched by POP3 with
// Python's poplib and fetchmail, under tcpserver and socat; queues on other hosts by QMQP.
#include "inject/capture.hpp"
#include "programs/pipeline.hpp"
#include "support/faulty.hpp"

#include "base/mail/netstring.hpp"
#include "base/sys/file.hpp"
#include "base/sys/lock.hpp"

#include <gmock/gmock.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>

using namespace grapnel;
using namespace grapnel::test;
using testing::HasSubstr;

namespace {

namespace fs = std::filesystem;

constexpr uid_t ordinary = 65533;   // qmail-pop3d does not serve root
constexpr const char* python = "/usr/bin/python3";

class Fetching : public ::testing::Test {
protected:
    Fetching()
    {
        for (const auto& directory : {home.path(), joe, maildir})
            fs::permissions(directory, static_cast<fs::perms>(0755));
        // Where the user can start it, wherever the build tree is.
        fs::copy_file(fs::canonical(home.program("qmail-pop3d")), home / "pop3d");
    }

    void message(const std::string& name, const std::string& text, std::time_t when)
    {
        spill(maildir + '/' + name, text, 0600);
        set_times(maildir + '/' + name, when);
    }
    void two_messages()
    {
        message("new/1000000001.a.h", "Subject: a\n\none\n.dot\n", 1'000'000'001);
        message("cur/1000000002.b.h:2,S", "Subject: b\n\nlast", 1'000'000'002);
        hand_over();
    }
    void hand_over() const   // to the user whose mail it is
    {
        if (::geteuid() != 0) return;
        EXPECT_EQ(::chown(joe.c_str(), ordinary, ordinary), 0);
        for (const auto& entry : fs::recursive_directory_iterator(joe))
            EXPECT_EQ(::chown(entry.path().c_str(), ordinary, ordinary), 0);
    }
    std::vector<std::string> popup() const
    {
        return {home.program("qmail-popup"),
                "pop.example",
                python,
                SOURCE_DIRECTORY "/tests/support/checker.py",
                "joe",
                "secret",
                joe,
                home / "pop3d",
                "Maildir"};
    }
    std::vector<std::string> environment() const
    {
        return home.environment({"CHECKER_RECORD=" + home / "record"});
    }
    std::vector<std::string> mail() const
    {
        std::vector<std::string> names;
        for (const auto* part : {"/new", "/cur"})
            for (const auto& entry : fs::directory_iterator(maildir + part))
                names.push_back(entry.path().filename().string());
        std::sort(names.begin(), names.end());
        return names;
    }
    // qmail-pop3d by itself, in joe's home.
    Launch pop3d() const
    {
        Launch launch{.argv = {home / "pop3d", "Maildir"},
                      .environment = home.environment(),
                      .directory = joe};
        if (::geteuid() == 0)
            launch.argv.insert(launch.argv.begin(),
                               {"/usr/bin/setpriv", "--reuid", std::to_string(ordinary), "--regid",
                                std::to_string(ordinary), "--clear-groups"});
        return launch;
    }

    TempHome home;
    std::string joe = home.user("joe");
    std::string maildir = joe + "/Maildir";
};

// fetchmail fetches all of joe's mail from there into `into`.
Finished fetch(const TempHome& home, Port port, const std::string& into,
               std::vector<std::string> options = {})
{
    spill(home / "fetchmailrc",
          "poll 127.0.0.1 protocol pop3 port " + std::to_string(port) +
              " auth password\n user joe password secret sslproto \"\"\n mda \"cat >> " + into +
              "\"\n",
          0600);
    std::vector<std::string> argv{
        "/usr/bin/fetchmail",   "-f", home / "fetchmailrc", "--nosyslog", "--pidfile",
        home / "fetchmail.pid", "-v"};
    argv.insert(argv.end(), options.begin(), options.end());
    return run({.argv = argv,
                .environment = {"HOME=" + home.path(), "PATH=/usr/bin:/bin", "USER=joe",
                                "FETCHMAILHOME=" + home.path()}});
}

}

struct Poplib : Fetching, ::testing::WithParamInterface<const char*> {};

TEST_P(Poplib, FetchesListsAndDeletes)
{
    two_messages();
    const TcpServer server({.argv = popup(), .environment = environment()});
    const auto seen = run({.argv = {python, SOURCE_DIRECTORY "/tests/programs/pop3_client.py",
                                    std::to_string(server.port()), "joe", "secret", GetParam()},
                           .environment = {"PATH=/usr/bin:/bin"}});
    EXPECT_EQ(seen.errors, "");
    EXPECT_EQ(seen.output, "wrong password: -ERR authorization failed\n"
                           "can: PIPELINING TOP UIDL USER\n"
                           "stat: 2 37\n"
                           "list: ['1 21', '2 16'] +OK 1 21\n"
                           "uidl: 2 1\n"
                           "retr: 1 Subject: a||one|.dot|\n"
                           "retr: 2 Subject: b||last|\n"
                           "top: Subject: a||one|\n"
                           "deleted: -ERR already deleted\n"
                           "left: 1 1\n");
    EXPECT_EQ(mail(), std::vector<std::string>{"1000000002.b.h:2,S"});
    // What a password is, nobody sees who looks at processes.
    const auto started_with = slurp(home / "record");
    EXPECT_THAT(started_with, HasSubstr("CHECKER_RECORD="));
    const auto variables = started_with.substr(started_with.find('\n'));
    EXPECT_EQ(variables.find("secret"), std::string::npos);
    EXPECT_EQ(started_with.find("secretx"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, Poplib, ::testing::Values("pass", "apop"),
                         [](const auto& how) { return std::string(how.param); });

TEST_F(Fetching, FetchmailTakesEverythingAndLeavesNothing)
{
    if (!fs::exists("/usr/bin/fetchmail"))
        GTEST_SKIP() << "skipped: no /usr/bin/fetchmail (scripts/packages test)";
    two_messages();
    const TcpServer server({.argv = popup(), .environment = environment()});
    const auto once = fetch(home, server.port(), home / "fetched");
    EXPECT_EQ(once.ending.code, 0) << once.output << once.errors;
    const auto fetched = slurp(home / "fetched");
    EXPECT_THAT(fetched, HasSubstr("Subject: a\n"));
    EXPECT_THAT(fetched, HasSubstr("\none\n.dot\n"));
    EXPECT_THAT(fetched, HasSubstr("\nlast\n"));
    EXPECT_TRUE(mail().empty());
    EXPECT_EQ(fetch(home, server.port(), home / "fetched").ending.code, 1);   // no mail
}

TEST_F(Fetching, FetchmailKnowsByUidlWhatItHas)
{
    if (!fs::exists("/usr/bin/fetchmail"))
        GTEST_SKIP() << "skipped: no /usr/bin/fetchmail (scripts/packages test)";
    two_messages();
    const TcpServer server({.argv = popup(), .environment = environment()});
    const std::vector<std::string> keep{"--keep", "--uidl"};
    EXPECT_EQ(fetch(home, server.port(), home / "fetched", keep).ending.code, 0);
    EXPECT_EQ(mail().size(), 2u);
    const auto had = slurp(home / "fetched");
    message("new/1000000003.c.h", "Subject: c\n\nthird\n", 1'000'000'003);
    hand_over();
    EXPECT_EQ(fetch(home, server.port(), home / "fetched", keep).ending.code, 0);
    const auto now = slurp(home / "fetched");
    ASSERT_TRUE(now.starts_with(had));
    EXPECT_THAT(now.substr(had.size()), HasSubstr("third\n"));
    EXPECT_EQ(now.substr(had.size()).find("one\n"), std::string::npos);
}

TEST_F(Fetching, UnderTcpserverAndSocat)
{
    two_messages();
    bool any = false;
    for (const std::string server : {"/usr/bin/tcpserver", "/usr/bin/socat"}) {
        if (!fs::exists(server)) continue;
        any = true;
        const auto port = free_port();
        std::vector<std::string> argv{
            server, "-H", "-R", "-l", "pop.example", "127.0.0.1", std::to_string(port)};
        if (server.ends_with("socat")) {
            std::string command;
            for (const auto& word : popup()) command += word + ' ';
            argv = {server, "TCP-LISTEN:" + std::to_string(port) + ",bind=127.0.0.1,fork,reuseaddr",
                    "EXEC:" + command};
        } else {
            const auto words = popup();
            argv.insert(argv.end(), words.begin(), words.end());
        }
        Process running({.argv = argv, .environment = environment(), .own_group = true});
        const Fd client = connect_to(port, patience);
        write_all(client.get(), "USER joe\r\nPASS secret\r\nSTAT\r\n");
        std::string said;
        std::array<char, 512> room{};
        // QUIT later: socat drops what it has not handed on when its program ends.
        while (said.find("\r\n+OK 2 37\r\n") == said.npos) {
            const auto count = ::read(client.get(), room.data(), room.size());
            if (count <= 0) break;
            said.append(room.data(), static_cast<std::size_t>(count));
        }
        EXPECT_THAT(said, HasSubstr("\r\n+OK 2 37\r\n")) << server;
        write_all(client.get(), "QUIT\r\n");
        read_all(client.get(), 4096);
    }
    if (!any) GTEST_SKIP() << "skipped: neither tcpserver nor socat (scripts/packages test)";
}

TEST_F(Fetching, CommandsBehindThePasswordAreNotLost)
{
    two_messages();
    const auto done = run({.argv = popup(), .environment = environment()},
                          "USER joe\r\nPASS secret\r\nSTAT\r\nDELE 1\r\nQUIT\r\n");
    EXPECT_THAT(done.output, HasSubstr("+OK \r\n+OK \r\n+OK 2 37\r\n+OK \r\n+OK \r\n"));
    EXPECT_EQ(mail(), std::vector<std::string>{"1000000002.b.h:2,S"});
}

TEST_F(Fetching, WhatAnotherReaderMovesMeanwhileIsStillFound)
{
    two_messages();
    Process session(pop3d());
    ASSERT_TRUE(session.wait_for_output("+OK \r\n"));
    fs::rename(maildir + "/new/1000000001.a.h", maildir + "/cur/1000000001.a.h:2,FS");
    session.write("RETR 1\r\n");
    EXPECT_TRUE(session.wait_for_output("..dot\r\n\r\n.\r\n")) << session.output();
    fs::rename(maildir + "/cur/1000000001.a.h:2,FS", maildir + "/cur/1000000001.a.h:2,FRS");
    session.write("DELE 1\r\nQUIT\r\n");
    ASSERT_TRUE(session.wait());
    EXPECT_TRUE(session.output().ends_with("+OK \r\n+OK \r\n"));
    EXPECT_EQ(mail(), std::vector<std::string>{"1000000002.b.h:2,S"});
}

TEST_F(Fetching, NothingIsLostWhereTheSessionIsCut)
{
    two_messages();
    for (const int signal : {SIGKILL, SIGTERM, SIGHUP}) {
        Process session(pop3d());
        session.write("DELE 1\r\nDELE 2\r\nNOOP\r\n");
        ASSERT_TRUE(session.wait_for_output("+OK \r\n+OK \r\n+OK \r\n+OK \r\n"));
        session.kill(signal);
        ASSERT_TRUE(session.wait());
        EXPECT_EQ(mail().size(), 2u);
    }
}

TEST_F(Fetching, AMessageThatIsThereIsNeverWrittenOver)
{
    two_messages();
    message("cur/1000000001.a.h:2,", "Subject: another\n\n", 1'000'000'000);
    hand_over();
    EXPECT_EQ(run(pop3d(), "QUIT\r\n").output, "+OK \r\n+OK \r\n");
    EXPECT_EQ(slurp(maildir + "/cur/1000000001.a.h:2,"), "Subject: another\n\n");
    EXPECT_EQ(slurp(maildir + "/new/1000000001.a.h"), "Subject: a\n\none\n.dot\n");
}

TEST_F(Fetching, CommandsHaveLimits)
{
    two_messages();
    const auto long_one = run(pop3d(), "NOOP " + std::string(9000, 'x') + "\r\nSTAT\r\nQUIT\r\n");
    EXPECT_EQ(long_one.output, "+OK \r\n-ERR syntax error\r\n+OK 2 37\r\n+OK \r\n");
    EXPECT_EQ(run(pop3d(), std::string("ST\0AT\r\nQUIT\r\n", 13)).output,
              "+OK \r\n-ERR syntax error\r\n+OK \r\n");
    // Without an end: no more is read, and that counts as leaving.
    const auto flood = run(pop3d(), "DELE 1\r\n" + std::string(200'000, 'x') + "\r\nQUIT\r\n");
    EXPECT_EQ(flood.output, "+OK \r\n+OK \r\n");
    EXPECT_EQ(mail().size(), 2u);
}

// A binary message has them (RFC 3030).
TEST_F(Fetching, NoLineEndsTwice)
{
    message("new/1000000001.a.h", "Subject: a\n\none\r\n\r\n.two\rthree\n", 1'000'000'001);
    hand_over();
    EXPECT_THAT(run(pop3d(), "RETR 1\r\nQUIT\r\n").output,
                HasSubstr("Subject: a\r\n\r\none\r\n\r\n..two\rthree\r\n\r\n.\r\n"));
}

TEST_F(Fetching, ALargeMessageComesWhole)
{
    std::string text = "Subject: large\n\n";
    for (int i = 0; i < 60'000; ++i) text += ".line " + std::to_string(i) + " of a large message\n";
    message("new/1000000001.a.h", text, 1'000'000'001);
    hand_over();
    const auto got = run(pop3d(), "RETR 1\r\nQUIT\r\n").output;
    std::string wanted;
    for (const char c : text) {
        if (c == '\n') wanted += '\r';
        wanted += c;
        if (c == '\n') wanted += '.';
    }
    wanted.pop_back();
    wanted.erase(wanted.find("\r\n.\r\n") + 2, 1);   // the empty line has no dot
    EXPECT_TRUE(got == "+OK \r\n+OK \r\n" + wanted + "\r\n.\r\n+OK \r\n");
}

// elq, pinq, qail: mail is moved, then the reader is run with the same words.
TEST_F(Fetching, ScriptsMoveTheMailAndRunTheReader)
{
    make_directory(home / "readers", 0755);
    const std::string reader = "#!/bin/sh\nprintf '%s|' \"${0##*/}\" \"$@\" >> " + home / "ran";
    for (const auto* name : {"elm", "pine", "Mail"})
        spill(home / ("readers/" + std::string(name)), reader, 0755);
    const auto run_script = [&](const std::string& script, const std::string& box) {
        return run({.argv = {home.program(script), "-f", "a b"},
                    .environment = {"QMAILHOME=" + home.path(),
                                    "PATH=" + home / "readers" + ":/usr/bin:/bin",
                                    "MAIL=" + joe + "/Mailbox", "MAILTMP=" + joe + "/Mailbox.tmp",
                                    "MAILDIR=" + box}});
    };
    for (const auto* script : {"elq", "pinq", "qail"}) {
        message("new/1.a.h", "Subject: " + std::string(script) + "\n\n", 1'000'000'000);
        EXPECT_EQ(run_script(script, maildir).ending.code, 0) << script;
    }
    EXPECT_EQ(slurp(home / "ran"), "elm|-f|a b|pine|-f|a b|Mail|-f|a b|");
    EXPECT_TRUE(mail().empty());
    const auto mbox = slurp(joe + "/Mailbox");
    for (const auto* script : {"elq", "pinq", "qail"})
        EXPECT_THAT(mbox, HasSubstr(std::string("Subject: ") + script));
    // Where mail could not be moved nothing is run.
    EXPECT_EQ(run_script("pinq", joe + "/nothing").ending.code, 111);
    EXPECT_EQ(slurp(home / "ran"), "elm|-f|a b|pine|-f|a b|Mail|-f|a b|");
}

// maildir2mbox, whose calls fail or which is killed in the middle: every message is in one of the
// two places, and the mbox is whole.
class Moving : public Pipeline {
protected:
    Moving()
    {
        for (const std::string name : {"a", "b"}) {
            spill(maildir + "/new/1." + name, "Subject: " + name + "\n\ntext of " + name + '\n');
            set_times(maildir + "/new/1." + name, 1'000'000'000);
        }
        spill(joe + "/Mailbox", old, 0600);
    }
    Launch move() const
    {
        return {.argv = {home.program("maildir2mbox")}, .environment = home.environment([&] {
                    auto variables = faulty.environment();
                    for (const auto& more : {"MAIL=" + joe + "/Mailbox", "MAILDIR=" + maildir,
                                             "MAILTMP=" + joe + "/Mailbox.tmp"})
                        variables.push_back(more);
                    return variables;
                }())};
    }
    bool is_moved() const
    {
        const auto mbox = slurp(joe + "/Mailbox");
        EXPECT_TRUE(mbox.starts_with(old));
        const bool moved = mbox != old;
        if (moved) {
            EXPECT_THAT(mbox, HasSubstr("\ntext of a\n\nFrom XXX "));
            EXPECT_TRUE(mbox.ends_with("\ntext of b\n\n"));
        }
        return moved;
    }

    const std::string old = "From x Mon Jan 01 00:00:00 2001\nSubject: old\n\nold\n\n";
    Faulty faulty;
};

TEST_F(Moving, WhateverFailsNoMailIsLost)
{
    for (const std::string call : {"open", "read", "fsync"}) {
        faulty.fail("maildir2mbox", {call}, EIO);
        const auto done = run(move());
        faulty.heal();
        EXPECT_EQ(done.ending.code, 111) << call;
        EXPECT_THAT(done.errors, HasSubstr("maildir2mbox: fatal: ")) << call;
        EXPECT_FALSE(is_moved()) << call;
        EXPECT_EQ(maildir_count(maildir), 2u) << call;
    }
    faulty.fail("maildir2mbox", {"unlink"}, EIO);
    const auto done = run(move());
    faulty.heal();
    EXPECT_EQ(done.ending.code, 0);
    EXPECT_EQ(count_of("maildir2mbox: warning: $MAILDIR/new/1.", done.errors), 2u);
    EXPECT_TRUE(is_moved());
    EXPECT_EQ(maildir_count(maildir), 2u);
}

TEST_F(Moving, KilledInTheMiddleNoMailIsLost)
{
    for (const std::string call : {"fsync", "unlink"}) {
        spill(joe + "/Mailbox", old, 0600);
        faulty.delay("maildir2mbox", {call}, milliseconds(5000));
        const auto before = faulty.hits();
        Process moving(move());
        ASSERT_TRUE(wait_until([&] { return faulty.hits() > before; })) << call;
        moving.kill(SIGKILL);
        ASSERT_TRUE(moving.wait());
        faulty.heal();
        EXPECT_EQ(is_moved(), call == "unlink") << call;
        EXPECT_EQ(maildir_count(maildir), 2u) << call;
    }
    spill(joe + "/Mailbox", old, 0600);
    EXPECT_EQ(run(move()).ending.code, 0);
    EXPECT_TRUE(is_moved());
    EXPECT_EQ(maildir_count(maildir), 0u);
}

class Qmqp : public Pipeline {
protected:
    // A host without a queue hands its mail to this home.
    std::vector<std::string> client_environment() const
    {
        return client.environment({"QMAILQUEUE=bin/qmail-qmqpc", "USER=ann"});
    }
    Finished send(const std::string& text, std::vector<std::string> words = {"joe@here.example"})
    {
        words.insert(words.begin(), client.program("sendmail"));
        return run({.argv = words, .environment = client_environment()}, text);
    }
    void use(Port port) const
    {
        client.control("qmqpservers", "127.0.0.1:" + std::to_string(port));
    }
    TempHome client;
    Capture capture;
};

TEST_F(Qmqp, TakesThePlaceOfTheQueueProgram)
{
    Instance mta(home, {.smtpd = false});
    const TcpServer server(
        {.argv = {home.program("qmail-qmqpd")}, .environment = home.environment()});
    use(server.port());
    const auto sent = send("Subject: from afar\n\n.\nhello\n");
    EXPECT_EQ(sent.ending.code, 0) << sent.errors;
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    const auto mail = maildir_messages(maildir)[0];
    EXPECT_THAT(mail, HasSubstr("\nReceived: from localhost (127.0.0.1)\n"
                                "  by localhost with QMQP; "));
    EXPECT_THAT(mail, HasSubstr("\nSubject: from afar\n"));
    EXPECT_TRUE(mail.ends_with("\n\n.\nhello\n"));
    EXPECT_TRUE(client.queue_files().empty());
}

TEST_F(Qmqp, PythonsWordsAreTaken)
{
    Instance mta(home, {.smtpd = false});
    const TcpServer server(
        {.argv = {home.program("qmail-qmqpd")}, .environment = home.environment()});
    const auto said =
        run({.argv = {python, "-c",
                      "import socket, sys\n"
                      "def netstring(text): return b'%d:%s,' % (len(text), text)\n"
                      "server = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 60)\n"
                      "message = b'Subject: snake\\n\\n' + b'x' * 3000000 + b'\\n'\n"
                      "server.sendall(netstring(netstring(message) + netstring(b's@x.example') +\n"
                      "                         netstring(b'joe@here.example')))\n"
                      "reply = b''\n"
                      "while piece := server.recv(4096): reply += piece\n"
                      "size, text = reply.split(b':', 1)\n"
                      "assert len(text) == int(size) + 1 and text.endswith(b','), reply\n"
                      "print(text.decode()[:4])\n",
                      std::to_string(server.port())},
             .environment = {"PATH=/usr/bin:/bin"}});
    EXPECT_EQ(said.output + said.errors, "Kok \n");
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    EXPECT_GT(maildir_messages(maildir)[0].size(), 3'000'000u);
}

TEST_F(Qmqp, ManyRecipientsAndALargeMessageCrossUnchanged)
{
    const TcpServer server({.argv = {home.program("qmail-qmqpd")}, .environment = [&] {
                                auto variables = home.environment();
                                for (const auto& more : capture.environment())
                                    variables.push_back(more);
                                return variables;
                            }()});
    use(server.port());
    const std::string text = "Subject: x\n\n" + std::string(5'000'000, 'y') + '\0' + "\r\nend";
    std::string envelope = "Fs@x.example";
    envelope += '\0';
    for (int i = 0; i < 20'000; ++i) {
        envelope += "Tr" + std::to_string(i) + "@y.example";
        envelope += '\0';
    }
    envelope += '\0';
    spill(client / "envelope", envelope);
    const Fd given = open_read(client / "envelope");
    const auto done = run({.argv = {client.program("qmail-qmqpc")},
                           .environment = client.environment(),
                           .descriptors = {{1, given.get()}}},
                          text);
    EXPECT_EQ(done.ending.code, 0);
    const auto queued = capture.take();
    ASSERT_EQ(queued.size(), 1u);
    EXPECT_TRUE(queued[0].message.ends_with(text));
    EXPECT_TRUE(queued[0].envelope == envelope);
}

TEST_F(Qmqp, TheServersWordsReachTheSender)
{
    capture.answer(82, "Dnot on a Sunday (#5.7.1)");
    const TcpServer server({.argv = {home.program("qmail-qmqpd")}, .environment = [&] {
                                auto variables = home.environment();
                                for (const auto& more : capture.environment())
                                    variables.push_back(more);
                                return variables;
                            }()});
    use(server.port());
    const auto sent = send("Subject: x\n\n");
    EXPECT_EQ(sent.ending.code, 100);
    EXPECT_EQ(sent.errors, "qmail-inject: fatal: not on a Sunday (#5.7.1)\n");
}

TEST_F(Qmqp, NobodyThereIsForLater)
{
    use(free_port());
    const auto sent = send("Subject: x\n\n");
    EXPECT_EQ(sent.ending.code, 111);
    EXPECT_EQ(sent.errors, "qmail-inject: fatal: connection to mail server rejected (#4.4.1)\n");
    client.no_control("qmqpservers");
    EXPECT_EQ(send("Subject: x\n\n").errors,
              "qmail-inject: fatal: qq unable to read configuration (#4.3.0)\n");
}

TEST_F(Pipeline, AnMboxThatIsReplacedMeanwhileGetsTheMailAllTheSame)
{
    const auto mbox = joe + "/Mailbox";
    spill(mbox, "old\n", 0600);
    Fd old = open_file(mbox, O_WRONLY | O_APPEND);
    lock(old.get());
    spill(home / "message", "Subject: x\n\nhello\n");
    const Fd message = open_read(home / "message");   // qmail-local wants to rewind it
    Process delivery({.argv = {home.program("qmail-local"), "--", "joe", joe, "joe", "", "",
                               "here.example", "a@b.example", "./Mailbox"},
                      .environment = home.environment(),
                      .descriptors = {{0, message.get()}}});
    const auto waits = "FLOCK  ADVISORY  WRITE " + std::to_string(delivery.pid()) + ' ';
    ASSERT_TRUE(wait_until([&] {
        return slurp("/proc/locks").find("-> " + waits) != std::string::npos;
    })) << slurp("/proc/locks")
        << (delivery.running() ? "" : delivery.errors());
    spill(mbox + ".tmp", "new\n", 0600);
    fs::rename(mbox + ".tmp", mbox);
    old.reset();
    const auto ending = delivery.wait();
    EXPECT_TRUE(ending && ending->success()) << delivery.errors();
    EXPECT_TRUE(slurp(mbox).starts_with("new\nFrom a@b.example "));
    EXPECT_TRUE(slurp(mbox).ends_with("\nSubject: x\n\nhello\n\n"));
}
