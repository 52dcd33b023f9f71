#include "send/routing.hpp"

#include <gtest/gtest.h>

namespace grapnel::send {
namespace {

using queue::Channel;

RoutingTables tables()
{
    RoutingTables result;
    result.no_at_host = "noat.example";
    result.percent_hack = NameSet({"pct.example", "Gate.example"});
    result.locals = NameSet({"here.example", "Me.Example"});
    result.virtual_domains =
        NameMap({"virt.example:virt", ".sub.example:sub", "special@far.example:box",
                 "plain.sub.example:", "Up.example:Al"});
    return result;
}

struct Case {
    const char* given;
    Channel channel;
    const char* address;
};

TEST(Routing, FollowsTheRulesInTheirOrder)
{
    const auto t = tables();
    const Case cases[] = {
        {"joe@here.example", Channel::local, "joe@here.example"},
        {"Joe@ME.example", Channel::local, "Joe@ME.example"},
        {"joe", Channel::remote, "joe@noat.example"},
        {"", Channel::remote, "@noat.example"},
        {"joe@far.example", Channel::remote, "joe@far.example"},
        {"joe@sub.here.example", Channel::remote, "joe@sub.here.example"},
        {"joe@virt.example", Channel::local, "virt-joe@virt.example"},
        {"Joe@VIRT.example", Channel::local, "virt-Joe@VIRT.example"},
        {"joe@a.b.sub.example", Channel::local, "sub-joe@a.b.sub.example"},
        {"joe@sub.example", Channel::remote, "joe@sub.example"},
        {"joe@plain.sub.example", Channel::remote, "joe@plain.sub.example"},
        {"Special@far.example", Channel::local, "box-Special@far.example"},
        {"joe@up.EXAMPLE", Channel::local, "Al-joe@up.EXAMPLE"},
        {"joe%here.example@pct.example", Channel::local, "joe@here.example"},
        {"joe%gate.example@pct.example", Channel::remote, "joe@gate.example"},
        {"a%b%pct.example@gate.example", Channel::remote, "a@b"},
        {"joe@pct.example", Channel::remote, "joe@pct.example"},
        {"a@b@here.example", Channel::local, "a@b@here.example"},
        {"joe@", Channel::remote, "joe@"},
    };
    for (const auto& [given, channel, address] : cases) {
        const auto routed = route(t, given);
        EXPECT_EQ(routed.channel, channel) << given;
        EXPECT_EQ(routed.address, address) << given;
    }
}

TEST(Routing, AnEmptyKeyTakesEverythingThatIsLeft)
{
    auto t = tables();
    t.virtual_domains = NameMap({":all", "known.example:"});
    EXPECT_EQ(route(t, "joe@far.example"), (Route{Channel::local, "all-joe@far.example"}));
    EXPECT_EQ(route(t, "joe@known.example"), (Route{Channel::remote, "joe@known.example"}));
    EXPECT_EQ(route(t, "joe@here.example"), (Route{Channel::local, "joe@here.example"}));
}

TEST(Routing, TheLastOfEqualKeysCounts)
{
    RoutingTables t;
    t.virtual_domains = NameMap({"v.example:one", "V.example:two", "nocolon"});
    EXPECT_EQ(route(t, "a@v.example").address, "two-a@v.example");
}

TEST(Routing, BouncesShowAddressesWithoutTheirPrefix)
{
    const auto t = tables();
    EXPECT_EQ(without_virtual_prefix(t, "virt-joe@virt.example"), "joe@virt.example");
    EXPECT_EQ(without_virtual_prefix(t, "sub-joe@x.sub.example"), "joe@x.sub.example");
    EXPECT_EQ(without_virtual_prefix(t, "other-joe@virt.example"), "other-joe@virt.example");
    EXPECT_EQ(without_virtual_prefix(t, "box-Special@far.example"), "box-Special@far.example");
    EXPECT_EQ(without_virtual_prefix(t, "joe@here.example"), "joe@here.example");
    EXPECT_EQ(without_virtual_prefix(t, "virt"), "virt");
}

TEST(Verp, PutsTheRecipientIntoTheSender)
{
    EXPECT_EQ(expand_verp("owner-@h-@[]", "bob@x"), "owner-bob=x@h");
    EXPECT_EQ(expand_verp("owner-@h@i-@[]", "a@b@x"), "owner-@ha@b=x@i");
    EXPECT_EQ(expand_verp("owner-@h", "bob@x"), "owner-@h");
    EXPECT_EQ(expand_verp("owner-@[]", "bob@x"), "owner-@[]");
    EXPECT_EQ(expand_verp("-@[]", "bob@x"), "-@[]");
    EXPECT_EQ(expand_verp("owner-@h-@[]", "bob"), "owner-@h-@[]");
    EXPECT_EQ(expand_verp("#@[]", "bob@x"), "#@[]");
    EXPECT_EQ(expand_verp("", "bob@x"), "");
    EXPECT_EQ(without_verp_mark("owner-@h-@[]"), "owner-@h");
    EXPECT_EQ(without_verp_mark("#@[]"), "#@[]");
}

}
}
