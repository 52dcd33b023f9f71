#include "base/sys/cdb.hpp"
#include "base/sys/clock.hpp"
#include "base/sys/control.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/limits.hpp"
#include "base/sys/lock.hpp"
#include "base/sys/log.hpp"
#include "base/sys/program.hpp"
#include "base/sys/spawn.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <thread>
#include <vector>

using namespace grapnel;

namespace {

class Directory : public ::testing::Test {
protected:
    Directory()
    {
        std::string pattern = ::testing::TempDir() + "grapnel-base-XXXXXX";
        path = ::mkdtemp(pattern.data());
    }
    ~Directory() override { std::filesystem::remove_all(path); }
    void write(const std::string& name, std::string_view text)
    {
        write_all(open_file(path + '/' + name, O_WRONLY | O_CREAT | O_TRUNC, 0644).get(), text);
    }
    std::string path;
};

using File = Directory;
using ControlFiles = Directory;
using Cdb = Directory;
using Lock = Directory;
using Spawn = Directory;

std::string output_of(Command command)
{
    Pipe pipe = make_pipe();
    command.descriptors.emplace_back(1, pipe.writer.get());
    Child child = spawn(command);
    pipe.writer.reset();
    auto text = read_all(pipe.reader.get(), 1 << 20);
    EXPECT_TRUE(child.wait().success());
    return text;
}

}

TEST_F(File, WhatIsOverTheLimitIsRefused)
{
    write("a", "12345");
    EXPECT_EQ(read_file(path + "/a", 5), "12345");
    EXPECT_THROW(read_file(path + "/a", 4), std::system_error);
}

TEST_F(File, AbsenceIsAnAnswerOnlyWhereAsked)
{
    EXPECT_FALSE(read_file_if_there(path + "/none", 10));
    EXPECT_FALSE(remove_file(path + "/none"));
    EXPECT_THROW(open_read(path + "/none"), std::system_error);
}

TEST_F(File, ErrorsNameTheFile)
{
    try {
        read_file(path + "/none", 10);
        FAIL();
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code().value(), ENOENT);
        EXPECT_NE(std::string(error.what()).find(path + "/none"), std::string::npos);
    }
    try {   // opens, but cannot be read
        read_file_if_there(path, 100);
        FAIL();
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.what(), "unable to read " + path + ": Is a directory");
    }
}

TEST_F(File, ReaderSplitsLinesAndKnowsAPartialOne)
{
    write("a", "one\n\nthree");
    const Fd file = open_read(path + "/a");
    Reader reader(file.get(), 2);
    bool whole = false;
    EXPECT_EQ(reader.line(100, &whole), "one");
    EXPECT_TRUE(whole);
    EXPECT_EQ(reader.line(100, &whole), "");
    EXPECT_EQ(reader.line(100, &whole), "three");
    EXPECT_FALSE(whole);
    EXPECT_FALSE(reader.line(100));
}

TEST_F(File, ReaderRefusesALineOverItsLimit)
{
    write("a", "12345\n");
    const Fd file = open_read(path + "/a");
    EXPECT_THROW(Reader(file.get()).line(4), std::system_error);
}

TEST_F(File, WriterWritesAllOfItInOrder)
{
    const Fd file = open_file(path + "/a", O_WRONLY | O_CREAT, 0644);
    Writer writer(file.get(), "a", 4);
    for (const auto* piece : {"a", "bcd", "efghij", "k"}) writer.write(piece);
    writer.flush();
    EXPECT_EQ(read_file(path + "/a", 100), "abcdefghijk");
}

TEST_F(ControlFiles, FollowQmailsGrammar)
{
    write("me", "mail.example \t\nsecond line\n");
    write("empty", "");
    write("list", "one \n# comment\n\ntwo\t\n three");
    write("number", "120 seconds\n");
    write("words", "none\n");
    const Control control(path);
    EXPECT_EQ(control.line("me"), "mail.example");
    EXPECT_EQ(control.line("empty"), "");
    EXPECT_FALSE(control.line("absent"));
    EXPECT_EQ(control.line_or_me("absent", "literal"), "mail.example");
    EXPECT_EQ(control.list("list"), (std::vector<std::string>{"one", "two", " three"}));
    EXPECT_EQ(control.list("empty"), std::vector<std::string>{});
    EXPECT_FALSE(control.list("absent"));
    EXPECT_EQ(control.integer("number", 5), 120u);
    EXPECT_EQ(control.integer("words", 5), 5u);
    EXPECT_EQ(control.integer("absent", 5), 5u);
}

TEST_F(ControlFiles, UnreadableIsNotAbsent)
{
    std::filesystem::create_directory(path + "/locals");
    EXPECT_THROW(Control(path).list("locals"), std::system_error);
}

TEST_F(Cdb, TheFirstOfEqualKeysIsFound)
{
    CdbWriter writer(path + "/a.cdb");
    writer.add("key", "first");
    writer.add("key", "second");
    writer.add("", std::string_view("\0x", 2));
    writer.finish();
    const auto reader = CdbReader::open(path + "/a.cdb");
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->find("key"), "first");
    EXPECT_EQ(reader->find(""), std::string("\0x", 2));
    EXPECT_FALSE(reader->find("other"));
    EXPECT_FALSE(CdbReader::open(path + "/none.cdb"));
}

TEST_F(Cdb, GarbageIsAnError)
{
    write("a.cdb", "too short to be one");
    EXPECT_THROW(CdbReader::open(path + "/a.cdb"), std::system_error);
}

TEST_F(Lock, IsExclusive)
{
    const Fd first = open_file(path + "/lock", O_RDWR | O_CREAT, 0600),
             second = open_file(path + "/lock", O_RDWR);
    EXPECT_TRUE(try_lock(first.get()));
    EXPECT_FALSE(try_lock(second.get()));
}

TEST_F(Spawn, GivesExactlyTheDescriptorsNamed)
{
    const Fd leaked = open_file(path + "/leak", O_RDWR | O_CREAT, 0600);
    Pipe pipe = make_pipe();
    write_all(pipe.writer.get(), "through seven\n");
    pipe.writer.reset();
    const auto text =
        output_of({.path = "/bin/sh",
                   .arguments = {"sh", "-c",
                                 "read line <&7; echo \"$line\"; [ -e /proc/self/fd/" +
                                     std::to_string(leaked.get()) + " ] || echo closed"},
                   .descriptors = {{7, pipe.reader.get()}}});
    EXPECT_EQ(text, "through seven\nclosed\n");
}

TEST_F(Spawn, WhatOurParentLeftOpenIsNotPassedOn)
{
    const int inherited =
        ::open("/dev/null", O_RDONLY);   // without close-on-exec, as an ancestor's is
    ASSERT_GE(inherited, 3);
    const auto name = std::to_string(inherited);
    EXPECT_EQ(
        output_of({.path = "/bin/sh",
                   .arguments = {"sh", "-c", "[ -e /proc/self/fd/" + name + " ] || echo closed"}}),
        "closed\n");
    EXPECT_EQ(
        output_of({.path = "/bin/sh",
                   .arguments = {"sh", "-c", "[ -e /proc/self/fd/" + name + " ] && echo open"},
                   .descriptors = {{inherited, inherited}}}),
        "open\n");
    ::close(inherited);
}

TEST_F(Spawn, PlacesDescriptorsThatOverlap)
{
    Pipe a = make_pipe(), b = make_pipe();
    write_all(a.writer.get(), "A");
    write_all(b.writer.get(), "B");
    a.writer.reset();
    b.writer.reset();
    // Crosswise: each target is the other's source.
    EXPECT_EQ(output_of({.path = "/bin/sh",
                         .arguments = {"sh", "-c",
                                       "cat <&" + std::to_string(b.reader.get()) + "; cat <&" +
                                           std::to_string(a.reader.get())},
                         .descriptors = {{b.reader.get(), a.reader.get()},
                                         {a.reader.get(), b.reader.get()}}}),
              "AB");
}

TEST_F(Spawn, EnvironmentAndDirectoryAreThoseGiven)
{
    EXPECT_EQ(output_of({.path = "/bin/sh",
                         .arguments = {"sh", "-c", "echo $GREETING; pwd -P"},
                         .environment = std::vector<std::string>{"GREETING=hello"},
                         .directory = path}),
              "hello\n" + std::filesystem::canonical(path).string() + "\n");
}

TEST_F(Spawn, SignalsHaveTheirDefaultsInTheChild)
{
    ::signal(SIGPIPE, SIG_IGN);
    Child child = spawn({.path = "/bin/sh", .arguments = {"sh", "-c", "kill -PIPE $$; exit 3"}});
    const auto ending = child.wait();
    EXPECT_TRUE(ending.crashed);
    EXPECT_EQ(ending.code, SIGPIPE);
    ::signal(SIGPIPE, SIG_DFL);
}

TEST_F(Spawn, WhoHoldsMoreThanTheOldLimitStartsOthersUnderIt)
{
    Child child = fork_child([] {
        struct rlimit limit {};
        ::getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = 64;
        if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
        if (raise_ourselves(Limit::descriptors, 200) != 200) return 2;
        std::vector<Fd> held;
        for (int i = 0; i < 100; ++i) held.push_back(open_read("/dev/null"));
        return spawn({.path = "/bin/sh",
                      .arguments = {"sh", "-c", "test $(ulimit -n) = 64 && test -e /dev/fd/3"},
                      .descriptors = {{3, held.back().get()}}})
                       .wait()
                       .success()
                   ? 0
                   : 3;
    });
    EXPECT_EQ(child.wait().code, 0);
}

TEST_F(Spawn, ExecFailureHasTheCodeAskedFor)
{
    EXPECT_EQ(spawn({.path = path + "/none", .exec_failed_later = 120, .exec_failed_never = 126})
                  .wait()
                  .code,
              126);
    EXPECT_EQ(spawn({.path = "no-such-program", .search_path = true, .exec_failed_never = 99})
                  .wait()
                  .code,
              99);
}

TEST(Error, WordsAndKindsAreQmails)
{
    EXPECT_EQ(reason(ENOENT), "file does not exist");
    EXPECT_EQ(reason(EACCES), "access denied");
    EXPECT_TRUE(is_temporary(ENOSPC));
    EXPECT_TRUE(is_temporary(EMFILE));
    EXPECT_FALSE(is_temporary(ENOENT));
    EXPECT_FALSE(is_temporary(EACCES));
}

TEST(Uuid7, IsWellFormedAndRises)
{
    const auto first = make_uuid7();
    ASSERT_EQ(first.size(), 36u);
    EXPECT_EQ(first[14], '7');
    EXPECT_NE(std::string("89ab").find(first[19]), std::string::npos);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT_LT(first, make_uuid7());
}

TEST(Log, ALineThatNobodyTakesIsDroppedAndCounted)
{
    const auto pipe = make_pipe();
    set_nonblocking(pipe.writer.get(), false);
    const std::string line(1000, 'x');
    std::string got(200000, '\0');
    for (int i = 0; i < 200; ++i) log_line_now(pipe.writer.get(), line);   // none of them waits
    const auto full = read_some(pipe.reader.get(), got.data(), got.size());
    EXPECT_LT(full, 66000u);
    log_line_now(pipe.writer.get(), "next");
    got.resize(read_some(pipe.reader.get(), got.data(), got.size()));
    EXPECT_TRUE(got.starts_with("next\n1")) << got;
    EXPECT_TRUE(got.ends_with(" log lines were lost\n")) << got;
}

TEST(Log, StrangersTextIsMadePrintable)
{
    EXPECT_EQ(printable("a\nb\x80\x7f"), "a?b??");
    EXPECT_EQ(printable("12345", 3), "123");
}

TEST(Program, ExitCodesComeFromStop)
{
    EXPECT_EQ(run("", [] { return 7; }), 7);
    EXPECT_EQ(run("", []() -> int { throw Stop{100}; }), 100);
    testing::internal::CaptureStderr();
    EXPECT_EQ(run("prog", []() -> int { throw_error(ENOSPC, "unable to write", "file"); }), 111);
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "prog: fatal: unable to write file: No space left on device\n");
}

TEST(EnvironmentValue, ANulCutsAValue)
{
    Environment environment;
    environment.set("A", std::string_view("x\0y", 3));
    EXPECT_EQ(environment.entries(), std::vector<std::string>{"A=x"});
    environment.unset("A");
    EXPECT_FALSE(environment.get("A"));
}
