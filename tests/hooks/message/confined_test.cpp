// What qmail-hookd may still do: charsets that the system's library has to look up, and large
// messages written to files.
#include "base/sys/confine.hpp"
#include "base/sys/spawn.hpp"
#include "hooks/message/charset.hpp"
#include "hooks/message/messages.hpp"

#include <gtest/gtest.h>

#include <filesystem>

using namespace grapnel;
using namespace grapnel::hooks;
using namespace grapnel::test;

TEST(Confined, CharsetsAndFilesWork)
{
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "no system call filter under AddressSanitizer";
#endif
    std::string home = testing::TempDir() + "grapnel-message-XXXXXX";
    ASSERT_NE(::mkdtemp(home.data()), nullptr);
    // As in row::qmail_hookd.
    Confinement::Paths paths;
    paths.readable = {"/etc", "/usr/lib", "/lib"};
    paths.writable = {home};
    const Confinement confinement{.memory = 1024ULL << 20U,
                                  .paths = paths,
                                  .system_calls = May::read_files | May::write_files |
                                                  May::use_network | May::start_threads};
    const auto ending = fork_child([&] {
                            if (!confine(confinement).empty()) return 200;
                            if (to_utf8("\xF0", "koi8-r").problem) return 1;
                            if (from_utf8("\xE6\x97\xA5", "iso-2022-jp") == std::nullopt) return 2;
                            const auto text = "A: 1\n\n" + std::string(200'000, 'x');
                            const Fd written = Message(text).write(home);
                            return contents(written.get()) == text ? 0 : 3;
                        }).wait();
    std::filesystem::remove_all(home);
    if (ending.code == 200) GTEST_SKIP() << "this kernel does not offer it";
    EXPECT_EQ(ending.code, 0);
}
