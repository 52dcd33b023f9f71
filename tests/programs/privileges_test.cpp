// Each program, taken over, tries what it must not be able to do (the table of privileges in
// docs/internals.md).
#include "base/sys/file.hpp"
#include "base/sys/kernel.hpp"
#include "base/sys/limits.hpp"
#include "build_config.hpp"
#include "pipeline.hpp"
#include "support/intruder.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace grapnel::test {

namespace {

constexpr bool filtered = !address_sanitizer;

using Argument = Intruder::Argument;

struct Attempt {
    const char* what;
    bool by_filter;   // nothing but the filter of system calls stands against it
    long number;
    std::vector<Argument> arguments;
};

class Privileges : public ::testing::Test {
protected:
    TempHome home;
    TempDirectory elsewhere;
    std::vector<Fd> kept;   // ends of pipes that must stay open

    void SetUp() override
    {
        if (const auto why = Intruder::unavailable(); !why.empty()) GTEST_SKIP() << why;
        if (landlock_abi() < 2) GTEST_SKIP() << "this kernel has no Landlock";
        spill(elsewhere / "secret", "of a user\n");
        spill(home / "queue/pid/left", "");
    }

    std::vector<Attempt> attempts() const
    {
        const std::string mine = home / "control/me", new_file = home / "new";
        const int here = AT_FDCWD;
        std::vector<Attempt> all{
            {"change a control file", false, SYS_openat, {here, mine, O_WRONLY}},
            {"make a file at home", false, SYS_openat, {here, new_file, O_WRONLY | O_CREAT, 0644}},
            {"remove a control file", false, SYS_unlinkat, {here, mine, 0}},
            {"rename one", false, SYS_renameat2, {here, mine, here, new_file, 0}},
            {"make a directory", false, SYS_mkdirat, {here, new_file, 0755}},
            {"read users' files", false, SYS_openat, {here, elsewhere / "secret", O_RDONLY}},
            {"list users' files",
             false,
             SYS_openat,
             {here, elsewhere.path(), O_RDONLY | O_DIRECTORY}},
            {"run a program", false, SYS_execve, {"/bin/true", 0, 0}},
            {"fork", true, SYS_clone, {SIGCHLD, 0, 0, 0, 0}},
            {"send raw packets", true, SYS_socket, {AF_INET, SOCK_RAW, IPPROTO_ICMP}},
            {"see all packets", true, SYS_socket, {AF_PACKET, SOCK_RAW, 0}},
            {"use the kernel's ciphers", true, SYS_socket, {AF_ALG, SOCK_SEQPACKET, 0}},
            {"enter a name space", true, SYS_unshare, {CLONE_NEWUSER}},
            {"mount", true, SYS_mount, {"none", "/tmp", "tmpfs", 0, 0}},
            {"trace", true, SYS_ptrace, {0, 0, 0, 0}},
            {"read another's memory", true, SYS_process_vm_readv, {::getpid(), 0, 0, 0, 0, 0}},
            {"use bpf", true, SYS_bpf, {0, 0, 0}},
            {"use io_uring", true, SYS_io_uring_setup, {1, 0}},
            {"read keys", true, SYS_keyctl, {0, -3, 0, 0, 0}},
            {"handle page faults", true, SYS_userfaultfd, {1}},
            {"watch the processor", true, SYS_perf_event_open, {0, 0, -1, -1, 0}},
            {"load a module", true, SYS_init_module, {0, 0, ""}},
            {"write what it executes",
             true,
             SYS_mmap,
             {0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}},
        };
        if (landlock_abi() >= 6) all.push_back({"signal others", false, SYS_kill, {::getpid(), 0}});
        return all;
    }

    static bool refused(long answer) { return answer == -EPERM || answer == -EACCES; }

    void expect_refusals(Intruder& program)
    {
        ASSERT_TRUE(program.take_over());
        for (const auto& attempt : attempts()) {
            if (attempt.by_filter && !filtered) continue;
            const long answer = program.call(attempt.number, attempt.arguments);
            EXPECT_TRUE(refused(answer)) << attempt.what << ": " << answer;
            ASSERT_FALSE(answer == 0 && attempt.number == SYS_execve);
        }
        EXPECT_EQ(status_field(program.pid(), "NoNewPrivs"), "1");
        EXPECT_NE(program.call(SYS_openat, {AT_FDCWD, "/proc/self/mem", O_RDWR}), 0);
        if (filtered) {
            EXPECT_EQ(memory_limit(program.pid()).find("unlimited"), std::string::npos);
        }
    }
    void expect_no_network(Intruder& program)
    {
        if (!filtered) return;
        for (const int family : {AF_INET, AF_INET6})
            EXPECT_TRUE(refused(program.call(SYS_socket, {family, SOCK_STREAM, 0}))) << family;
    }
    // What its work is made of goes on.
    static void expect_leave(Intruder& program, const char* what, long number,
                             std::vector<Argument> arguments)
    {
        const long answer = program.call(number, std::move(arguments));
        EXPECT_GE(answer, 0) << what;
    }

    // Soft and hard limit, as /proc says them.
    static std::string memory_limit(pid_t pid)
    {
        const auto limits = slurp("/proc/" + std::to_string(pid) + "/limits");
        const auto at = limits.find("Max data size");
        return limits.substr(at + 13, limits.find('\n', at) - at - 13);
    }

    Launch launch(const std::vector<std::string>& arguments,
                  std::vector<std::pair<int, int>> descriptors = {}) const
    {
        auto argv = arguments;
        argv.front() = home.program(argv.front());
        return {.argv = argv, .environment = home.environment(), .descriptors = descriptors};
    }
    // The reading end of a pipe in which this is; the writing end of one that nobody reads.
    int source(std::string_view bytes = "")
    {
        Pipe pipe = make_pipe();
        if (!bytes.empty()) write_all(pipe.writer.get(), bytes);
        kept.push_back(std::move(pipe.writer));
        kept.push_back(std::move(pipe.reader));
        return kept.back().get();
    }
    int drain()
    {
        Pipe pipe = make_pipe();
        kept.push_back(std::move(pipe.reader));
        kept.push_back(std::move(pipe.writer));
        return kept.back().get();
    }
};

}

TEST_F(Privileges, TheAttemptsAreThingsThatOthersCanDo)
{
    Intruder program({.argv = {"/bin/cat"}, .environment = home.environment()});
    ASSERT_TRUE(program.take_over(false));
    unsigned possible = 0, all = 0;
    for (const auto& attempt : attempts()) {
        if (attempt.number == SYS_clone || attempt.number == SYS_execve) continue;
        if (attempt.number == SYS_unlinkat || attempt.number == SYS_renameat2) continue;
        if (attempt.number == SYS_mount) continue;
        ++all;
        if (!refused(program.call(attempt.number, attempt.arguments))) ++possible;
    }
    if (::geteuid() == 0) { EXPECT_GE(possible + 3, all); }
    EXPECT_GE(possible, 6u);
    EXPECT_EQ(program.call(SYS_execve, {"/bin/true", 0, 0}), 0);
}

TEST_F(Privileges, QmailCleanOnlyRemoves)
{
    Intruder program(launch({"qmail-clean"}, {{1, drain()}}));
    expect_refusals(program);
    expect_no_network(program);
    EXPECT_TRUE(refused(
        program.call(SYS_openat, {AT_FDCWD, home / "queue/todo/1", O_WRONLY | O_CREAT, 0644})));
    EXPECT_TRUE(refused(program.call(SYS_openat, {AT_FDCWD, home / "queue/pid/left", O_WRONLY})));
    expect_leave(program, "remove", SYS_unlinkat, {AT_FDCWD, home / "queue/pid/left", 0});
}

TEST_F(Privileges, QmailQueueOnlyWritesTheQueue)
{
    Intruder program(launch({"qmail-queue"}));
    expect_refusals(program);
    expect_no_network(program);
    EXPECT_TRUE(refused(
        program.call(SYS_openat, {AT_FDCWD, home / "queue/info/0/1", O_WRONLY | O_CREAT, 0644})));
    expect_leave(program, "make", SYS_openat,
                 {AT_FDCWD, home / "queue/intd/1", O_WRONLY | O_CREAT, 0644});
    expect_leave(program, "link", SYS_linkat,
                 {AT_FDCWD, home / "queue/intd/1", AT_FDCWD, home / "queue/todo/1", 0});
}

TEST_F(Privileges, QmailQueuedOnlyWritesTheQueue)
{
    Intruder program(launch({"qmail-queued"}));
    expect_refusals(program);
    expect_no_network(program);
    EXPECT_TRUE(refused(
        program.call(SYS_openat, {AT_FDCWD, home / "queue/info/0/1", O_WRONLY | O_CREAT, 0644})));
}

TEST_F(Privileges, QmailSendOnlyWritesItsFilesAndStartsNothing)
{
    Intruder program(launch({"qmail-send"}, {{0, drain()},
                                             {1, drain()},
                                             {2, source("\x0a")},
                                             {3, drain()},
                                             {4, source("\x14")},
                                             {5, drain()},
                                             {6, source()}}));
    expect_refusals(program);
    expect_no_network(program);
    for (const auto* file : {"queue/todo/1", "queue/intd/1", "queue/mess/0/1", "queue/pid/1"})
        EXPECT_TRUE(
            refused(program.call(SYS_openat, {AT_FDCWD, home / file, O_WRONLY | O_CREAT, 0644})))
            << file;
    expect_leave(program, "make", SYS_openat,
                 {AT_FDCWD, home / "queue/info/0/1", O_WRONLY | O_CREAT, 0600});
}

TEST_F(Privileges, QmailHookdOnlyTalksAndKeepsItsOwnFiles)
{
    Intruder program(launch({"qmail-hookd"}, {{1, drain()}}));
    expect_refusals(program);
    for (const auto* file : {"queue/todo/1", "queue/mess/0/1", "queue/info/0/1", "control/new"})
        EXPECT_TRUE(
            refused(program.call(SYS_openat, {AT_FDCWD, home / file, O_WRONLY | O_CREAT, 0644})))
            << file;
    EXPECT_TRUE(refused(program.call(SYS_openat, {AT_FDCWD, home / "queue/pid/left", O_RDONLY})));
    expect_leave(program, "keep a registration", SYS_openat,
                 {AT_FDCWD, home / "hookd/state/x", O_WRONLY | O_CREAT, 0600});
    expect_leave(program, "connect", SYS_socket, {AF_INET6, SOCK_STREAM, 0});
}

TEST_F(Privileges, QmailRemoteOnlyTalksToTheNetwork)
{
    const Fd silent(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(silent.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(silent.get(), 1), 0);
    ASSERT_EQ(::getsockname(silent.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    home.control("smtproutes", ":127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
    spill(elsewhere / "message", "Subject: x\n\nhi\n");
    const Fd message = open_read(elsewhere / "message");
    Intruder program(launch({"qmail-remote", "far.example", "a@b.example", "c@far.example"},
                            {{0, message.get()}, {1, drain()}}));
    expect_refusals(program);
    EXPECT_TRUE(refused(
        program.call(SYS_openat, {AT_FDCWD, home / "queue/todo/1", O_WRONLY | O_CREAT, 0644})));
    expect_leave(program, "tcpto", SYS_openat,
                 {AT_FDCWD, home / "queue/lock/tcpto", O_WRONLY | O_NONBLOCK});
    expect_leave(program, "connect", SYS_socket, {AF_INET6, SOCK_STREAM, 0});
}

// What it starts is qmail-remote, unless the operator names another program; that may be setuid.
TEST_F(Privileges, QmailRspawnWinsNothingByStartingPrograms)
{
    for (const auto& [variable, wanted] : {std::pair{"A=b", "1"}, {"QMAILREMOTE=/bin/cat", "0"}}) {
        Process program(
            {.argv = {home.program("qmail-rspawn")}, .environment = home.environment({variable})});
        // It has taken its row when it says how many deliveries it takes.
        ASSERT_TRUE(program.wait_for_output(std::string(1, build::spawn))) << variable;
        EXPECT_EQ(status_field(program.pid(), "NoNewPrivs"), wanted) << variable;
    }
}

TEST_F(Privileges, ASessionOfQmailSmtpdOnlyTalks)
{
    Intruder program(launch({"qmail-smtpd"}, {{1, drain()}}));
    expect_refusals(program);
    expect_no_network(program);
    EXPECT_TRUE(refused(program.call(SYS_openat, {AT_FDCWD, home / "control/me", O_RDONLY})));
}

TEST_F(Privileges, ASessionOfQmailSmtpdWithEtrnAlsoAsksQmailSend)
{
    auto session = launch({"qmail-smtpd"}, {{1, drain()}});
    session.environment.emplace_back("SMTPEXT=+ETRN");
    Intruder program(session);
    expect_refusals(program);
    expect_no_network(program);
    EXPECT_TRUE(refused(program.call(SYS_openat, {AT_FDCWD, home / "control/me", O_RDONLY})));
    expect_leave(program, "ask", SYS_socket, {AF_UNIX, SOCK_STREAM, 0});
}

TEST_F(Privileges, AKernelWithoutLandlockIsNamedInTheLog)
{
    if (!(run({.argv = {"strace", "-qq", "-o", "/dev/null", "-e", "inject=getpid:error=EIO",
                        "true"},
               .environment = home.environment()}) == 0))
        GTEST_SKIP() << "strace may not trace here";
    Process server({.argv = {"strace", "-f", "-qq", "-o", "/dev/null", "-e",
                             "inject=landlock_create_ruleset:error=EOPNOTSUPP",
                             home.program("qmail-smtpd"), "--listen", "127.0.0.1:0"},
                    .environment = home.environment({"ASAN_OPTIONS=detect_leaks=0"}),
                    .own_group = true});
    ASSERT_TRUE(wait_until([&] {
        server.wait_for_output("(nothing)", milliseconds(20));
        return server.errors().find("listening on ") != std::string::npos &&
               server.errors().find("less protection: no Landlock") != std::string::npos;
    })) << server.errors();
}

}
