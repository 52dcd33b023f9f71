#include "queue/queued_pool.hpp"

#include "base/net/loop.hpp"
#include "base/sys/file.hpp"
#include "queue/queued_socket.hpp"
#include "support/temp_home.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>

namespace grapnel::queue {
namespace {

class QueuedPoolTest : public ::testing::Test {
protected:
    Fd accepted() { return Fd(::accept(listener.get(), nullptr, nullptr)); }

    test::TempHome home;
    Fd listener = listen_for_queued(home.path());
    net::Loop loop;
    QueuedPool pool{loop.executor(), home.path()};
};

TEST_F(QueuedPoolTest, AConnectionServesOneMessageAfterTheOther)
{
    auto first = pool.take();
    ASSERT_TRUE(first);
    auto second = pool.take();
    ASSERT_TRUE(second);
    const int descriptor = first->descriptor();
    EXPECT_NE(descriptor, second->descriptor());
    pool.give_back(std::move(*first));
    auto again = pool.take();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->descriptor(), descriptor);
}

TEST_F(QueuedPoolTest, OneThatWasHungUpOnIsNotUsedAgain)
{
    auto stream = pool.take();
    ASSERT_TRUE(stream);
    accepted().reset();
    pool.give_back(std::move(*stream));
    auto fresh = pool.take();
    ASSERT_TRUE(fresh);
    EXPECT_TRUE(fresh->is_quiet());
}

TEST_F(QueuedPoolTest, OneWithSomethingUnreadIsNotUsedAgain)
{
    auto stream = pool.take();
    ASSERT_TRUE(stream);
    const Fd server = accepted();
    write_all(server.get(), "late");
    pool.give_back(std::move(*stream));
    auto fresh = pool.take();
    ASSERT_TRUE(fresh);
    EXPECT_TRUE(fresh->is_quiet());
}

TEST_F(QueuedPoolTest, WhereNobodyListensThereIsNone)
{
    listener.reset();
    EXPECT_FALSE(pool.take());
}

}
}
