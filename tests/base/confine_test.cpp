// Each test confines a child and lets it try what it must not be able to do.
#include "base/sys/confine.hpp"
#include "base/sys/file.hpp"
#include "base/sys/spawn.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <functional>

using namespace grapnel;

namespace {

class Confine : public ::testing::Test {
protected:
    Confine()
    {
        std::string pattern = ::testing::TempDir() + "grapnel-confine-XXXXXX";
        path = ::mkdtemp(pattern.data());
        for (const auto* folder : {"/open", "/shut"}) make_directory(path + folder, 0755);
        for (const auto* file : {"/open/file", "/shut/file"})
            open_file(path + file, O_WRONLY | O_CREAT, 0644);
    }
    ~Confine() override { std::filesystem::remove_all(path); }

    // Exit code of a confined child: 0 where attempt() was true; 200 where the kernel lacks the
    // means.
    static Ending attempt(const Confinement& confinement, const std::function<bool()>& attempt)
    {
        return fork_child([&] {
                   if (!confine(confinement).empty()) return 200;
                   return attempt() ? 0 : 1;
               })
            .wait();
    }
    std::string path;
};

bool opens(const std::string& path, int flags)
{
    return static_cast<bool>(Fd(::open(path.c_str(), flags, 0644)));
}

#define SKIP_WITHOUT_KERNEL_SUPPORT(ending)                                                        \
    if ((ending).code == 200) GTEST_SKIP() << "this kernel does not offer it"

#if defined(__SANITIZE_ADDRESS__)
#define SKIP_SANITIZED() GTEST_SKIP() << "no system call filter under AddressSanitizer"
#else
#define SKIP_SANITIZED() (void)0
#endif

}

TEST_F(Confine, PathsThatAreNotNamedAreOutOfReach)
{
    Confinement confinement;
    confinement.paths =
        Confinement::Paths{.readable = {path + "/open"}, .writable = {}, .executable = {}};
    const auto may = attempt(confinement, [&] { return opens(path + "/open/file", O_RDONLY); });
    SKIP_WITHOUT_KERNEL_SUPPORT(may);
    EXPECT_TRUE(may.success());
    EXPECT_EQ(attempt(confinement, [&] { return opens(path + "/shut/file", O_RDONLY); }).code, 1);
    EXPECT_EQ(attempt(confinement, [&] { return opens(path + "/open/file", O_WRONLY); }).code, 1);
    EXPECT_EQ(
        attempt(confinement, [&] { return opens(path + "/open/new", O_WRONLY | O_CREAT); }).code,
        1);
    EXPECT_EQ(
        attempt(confinement, [&] { return spawn({.path = "/bin/true"}).wait().success(); }).code,
        1);
}

TEST_F(Confine, OneFileMayBeWrittenAndNothingElse)
{
    Confinement confinement;
    confinement.paths =
        Confinement::Paths{.readable = {}, .writable = {path + "/open/file"}, .executable = {}};
    const auto may = attempt(confinement, [&] { return opens(path + "/open/file", O_RDWR); });
    SKIP_WITHOUT_KERNEL_SUPPORT(may);
    EXPECT_TRUE(may.success());
    EXPECT_EQ(
        attempt(confinement, [&] { return opens(path + "/open/other", O_RDWR | O_CREAT); }).code,
        1);
}

TEST_F(Confine, PrivilegesAndDumpsAreGoneForGood)
{
    EXPECT_TRUE(attempt({}, [] {
                    return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
                           ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
                }).success());
    struct rlimit cores {};
    EXPECT_TRUE(attempt({}, [&] {
                    return ::getrlimit(RLIMIT_CORE, &cores) == 0 && cores.rlim_max == 0;
                }).success());
}

TEST_F(Confine, DescriptorsRunOutAtTheLimit)
{
    Confinement confinement;
    confinement.descriptors = 10;
    EXPECT_TRUE(attempt(confinement, [&] {
                    for (int i = 0; i < 10; ++i) (void)::open("/dev/null", O_RDONLY);
                    return errno == EMFILE;
                }).success());
}

TEST_F(Confine, AFilteredProgramCannotOpenForWriting)
{
    SKIP_SANITIZED();
    Confinement confinement;
    confinement.system_calls = May::read_files;
    const auto may = attempt(confinement, [&] { return opens(path + "/open/file", O_RDONLY); });
    SKIP_WITHOUT_KERNEL_SUPPORT(may);
    EXPECT_TRUE(may.success());
    EXPECT_FALSE(
        attempt(confinement, [&] { return opens(path + "/open/file", O_WRONLY); }).success());
    EXPECT_FALSE(attempt(confinement, [&] {
                     return opens(path + "/open/new", O_RDWR | O_CREAT);
                 }).success());
}

TEST_F(Confine, AFilteredProgramStartsNothingAndConnectsNowhere)
{
    SKIP_SANITIZED();
    Confinement confinement;
    confinement.system_calls = May::nothing_more;
    const auto ending = attempt(confinement, [] { return true; });
    SKIP_WITHOUT_KERNEL_SUPPORT(ending);
    EXPECT_TRUE(ending.success());
    EXPECT_FALSE(attempt(confinement, [] { return ::fork() >= 0; }).success());
    EXPECT_FALSE(
        attempt(confinement, [] { return ::execl("/bin/true", "true", nullptr) == 0; }).success());
    EXPECT_FALSE(
        attempt(confinement, [] { return ::socket(AF_INET, SOCK_STREAM, 0) >= 0; }).success());
    confinement.system_calls = May::use_network;
    EXPECT_TRUE(
        attempt(confinement, [] { return ::socket(AF_INET, SOCK_STREAM, 0) >= 0; }).success());
}
