#include "send/log.hpp"

#include "base/sys/fd.hpp"
#include "base/sys/file.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <string>

namespace grapnel::send {
namespace {

std::string drain(int descriptor)
{
    set_nonblocking(descriptor);
    std::string text;
    std::array<char, 65536> buffer;
    try {
        while (const auto count = read_some(descriptor, buffer.data(), buffer.size()))
            text.append(buffer.data(), count);
    } catch (const std::system_error&) {
    }
    return text;
}

TEST(Log, SaysEachLineInOnePiece)
{
    Pipe pipe = make_pipe();
    Log log(pipe.writer.get());
    log.status({1, 10}, {0, 20}, true);
    log.message_info(7, 100, "a b@c%d", 11, 12);
    log.discarded_bounce("triple", "bounce/7");
    log.mangled(3);
    EXPECT_EQ(drain(pipe.reader.get()), "status: local 1/10 remote 0/20 exitasap\n"
                                        "info msg 7: bytes 100 from <a_b@c_d> qp 11 uid 12\n"
                                        "triple bounce: discarding bounce/7\n"
                                        "delivery 3: report mangled, will defer\n");
}

TEST(Log, SafeTextHasNoBlanksAndNoPercents)
{
    EXPECT_EQ(safe("a b\nc%d\x01\x7f\xe4~!"), "a_b/c_d___~!");
}

TEST(Log, AFullPipeDropsLinesAndSaysLaterHowMany)
{
    Pipe pipe = make_pipe();
    Log log(pipe.writer.get());
    const std::string text(1000, 'x');
    while (log.dropped() == 0) log.delivered(1, text);
    log.delivered(2, text);
    const auto dropped = log.dropped();
    EXPECT_EQ(dropped, 2u);
    drain(pipe.reader.get());
    log.ended(9);
    const auto rest = drain(pipe.reader.get());
    EXPECT_NE(rest.find("warning: 2 log lines were lost\nend msg 9\n"), std::string::npos) << rest;
    EXPECT_EQ(log.dropped(), 0u);
}

TEST(Log, ALostReaderStopsNothing)
{
    std::signal(SIGPIPE, SIG_IGN);
    Pipe pipe = make_pipe();
    Log log(pipe.writer.get());
    pipe.reader.reset();
    for (int i = 0; i < 3; ++i) log.ended(1);
    EXPECT_EQ(log.dropped(), 3u);
}

}
}
