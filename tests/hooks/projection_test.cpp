#include "hooks/values/projection.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

namespace grapnel::hooks {
namespace {

using testing::ElementsAre;

Wanted wanted(const std::vector<std::string>& pointers)
{
    Wanted all;
    for (const auto& pointer : pointers) all.add(Pointer::parse(pointer).value());
    return all;
}

std::string taken(std::string_view whole, const std::vector<std::string>& pointers)
{
    const auto part = wanted(pointers).take(boost::json::parse(whole));
    return part ? boost::json::serialize(*part) : "nothing";
}

TEST(Projection, KeepsABranchInsideBareParents)
{
    const auto whole = R"({"a":{"b":{"c":1,"d":2},"e":3},"f":4})";
    EXPECT_EQ(taken(whole, {""}), whole);
    EXPECT_EQ(taken(whole, {"/a/b/d"}), R"({"a":{"b":{"d":2}}})");
    EXPECT_EQ(taken(whole, {"/f", "/a/e"}), R"({"a":{"e":3},"f":4})");
    EXPECT_EQ(taken(whole, {"/a", "/a/e"}), R"({"a":{"b":{"c":1,"d":2},"e":3}})");
    EXPECT_EQ(taken(whole, {}), "{}");
}

TEST(Projection, LeavesOutWhatIsNotThere)
{
    EXPECT_EQ(taken(R"({"a":{"b":1}})", {"/a/x", "/y"}), R"({"a":{}})");
    EXPECT_EQ(taken(R"({"a":1,"b":"text"})", {"/a/x", "/b/y"}), "{}");
}

TEST(Projection, KeepsNullWhereABranchOfItIsWanted)
{
    EXPECT_EQ(taken(R"({"a":null,"b":null})", {"/a/x/y"}), R"({"a":null})");
}

TEST(Projection, FiltersEachElementOfAnArray)
{
    const auto whole = R"({"to":[{"address":"a","n":1},{"address":"b"},{"n":2}]})";
    EXPECT_EQ(taken(whole, {"/to/address"}), R"({"to":[{"address":"a"},{"address":"b"},{}]})");
    EXPECT_EQ(taken(whole, {"/to"}), whole);
    EXPECT_EQ(taken(R"([[{"a":1}],"x",{"a":2,"b":3}])", {"/a"}), R"([{"a":2}])");
}

TEST(Projection, NamesWantedMembers)
{
    const auto texts = [](const Wanted& of) {
        std::vector<std::string> list;
        for (const auto& pointer : of.members()) list.push_back(pointer.text());
        return list;
    };
    const auto all = wanted({"/m/headers/name", "/m/header:X~1Y:asText", "/raw"});
    EXPECT_THAT(texts(all), ElementsAre("/m", "/raw"));
    EXPECT_THAT(texts(all.of("m")), ElementsAre("/header:X~1Y:asText", "/headers"));
    EXPECT_THAT(texts(all.of("raw")), ElementsAre(""));
    EXPECT_TRUE(all.of("x").nothing());
    EXPECT_FALSE(wanted({""}).of("x").nothing());
    EXPECT_THAT(texts(wanted({"/m", "/m/header:A"}).of("m")), ElementsAre("", "/header:A"));
}

}
}
