// What scanners may make of a recipient: each row of mta-hooks 13.3.
#include "send/verdict.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace grapnel::send {
namespace {

using enum hooks::DeliveryStatus;
using hooks::DeliveryStatus;
using hooks::RecipientChange;

const Term term{1000, 5000, false};

TEST(Verdict, ChangesAStatusByTheTable)
{
    const std::vector<std::pair<DeliveryStatus, std::vector<DeliveryStatus>>> possible{
        {pending, {failed, failed_silent, deferred}},
        {deferred, {failed, failed_silent, delivered}},
        {failed, {failed_silent, deferred}},
        {delivered, {}},
        {failed_silent, {}}};
    for (const auto& [from, allowed] : possible)
        for (const auto to : {pending, delivered, deferred, failed, failed_silent}) {
            Standing standing{from, {}, {}};
            const auto refused = apply(standing, {0, to, {}, {}}, term);
            const bool may =
                from == to || std::find(allowed.begin(), allowed.end(), to) != allowed.end();
            EXPECT_EQ(standing.status, may ? to : from) << name(from) << " to " << name(to);
            EXPECT_EQ(refused.empty(), may) << refused;
        }
}

TEST(Verdict, SaysWhatItRefuses)
{
    Standing standing{delivered, {}, {}};
    EXPECT_EQ(apply(standing, {0, failed_silent, 2000, 3000}, term),
              "delivered cannot become failed-silent, no next attempt, no next notice");
}

TEST(Verdict, AfterTheEndOfItsLifeNobodyIsTriedAgain)
{
    Standing standing{failed, {}, {}};
    EXPECT_EQ(apply(standing, {0, deferred, 9000, {}}, {6000, 5000, true}),
              "failed cannot become deferred, no next attempt");
    EXPECT_EQ(standing.status, failed);
}

TEST(Verdict, TheNextAttemptIsWithinTheLifeAndNotAtOnce)
{
    Standing standing;
    EXPECT_EQ(apply(standing, {0, {}, 2000, {}}, term), "");
    EXPECT_EQ(standing.next_attempt, 2000);
    apply(standing, {0, {}, 3, {}}, term);
    EXPECT_EQ(standing.next_attempt, 1060);
    apply(standing, {0, {}, 9000, {}}, term);
    EXPECT_EQ(standing.next_attempt, 5000);
    apply(standing, {0, failed, {}, {}}, term);
    EXPECT_FALSE(standing.next_attempt) << "only who waits has one";
}

TEST(Verdict, AFailureThatIsTriedAgainMayHaveItsTime)
{
    Standing standing{failed, {}, {}};
    EXPECT_EQ(apply(standing, {0, deferred, 3000, {}}, term), "");
    EXPECT_EQ(standing, (Standing{deferred, 3000, {}}));
}

TEST(Verdict, TheNextNoticeMayBeNever)
{
    Standing standing;
    EXPECT_EQ(apply(standing, {0, {}, {}, 4000}, term), "");
    EXPECT_EQ(standing.next_dsn, 4000);
    EXPECT_EQ(apply(standing, {0, {}, {}, 0}, term), "");
    EXPECT_EQ(standing.next_dsn, 0);
}

}
}
