#include "support/ports.hpp"

#include <gtest/gtest.h>

#include <system_error>

using namespace grapnel::test;

TEST(Ports, AreFreeAndDifferent)
{
    const auto port = free_port();
    EXPECT_NE(port, free_port());
    EXPECT_THROW(connect_to(port), std::system_error);
    const auto listener = listen_on_loopback(port);
    EXPECT_EQ(port_of(listener.get()), port);
    EXPECT_TRUE(connect_to(port));
}
