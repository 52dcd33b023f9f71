#include "hooks/edits/document.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <ostream>

using namespace grapnel;
using namespace grapnel::hooks;

namespace {

using Kind = OperationKind;

struct Case {
    std::string before;
    Kind kind;
    std::string path;
    std::string value;   // JSON; or, of move and copy, the pointer it comes from
    std::optional<std::uint64_t> index;
    std::string after;   // "": it fails
};

std::ostream& operator<<(std::ostream& out, const Case& one)
{
    return out << one.before << ' ' << static_cast<int>(one.kind) << ' ' << one.path << ' '
               << one.value;
}

Operation operation(const Case& one)
{
    Operation result;
    result.kind = one.kind;
    result.path = Pointer::parse(one.path).value();
    result.index = one.index;
    if (one.kind == Kind::move || one.kind == Kind::copy)
        result.from = Pointer::parse(one.value);
    else if (!one.value.empty())
        result.value = boost::json::parse(one.value);
    return result;
}

class DocumentEdit : public testing::TestWithParam<Case> {};

TEST_P(DocumentEdit, DoesJustThatOrNothing)
{
    const auto& one = GetParam();
    auto tree = boost::json::parse(one.before);
    const auto result = apply(tree, operation(one));
    EXPECT_EQ(result.has_value(), !one.after.empty());
    EXPECT_EQ(tree, boost::json::parse(one.after.empty() ? one.before : one.after))
        << boost::json::serialize(tree);
}

constexpr auto none = std::nullopt;

// mta-hooks C41, row by row.
INSTANTIATE_TEST_SUITE_P(
    C41, DocumentEdit,
    testing::Values(
        Case{R"({"a":{"b":1}})", Kind::set, "/a/b", "2", none, R"({"a":{"b":2}})"},
        Case{R"({"a":{"b":1}})", Kind::set, "/a/c", "2", none, R"({"a":{"b":1,"c":2}})"},
        Case{R"({"a":{"b":1}})", Kind::set, "/x/c", "2", none, ""},
        Case{R"({"a":[1,2]})", Kind::set, "/a/1", "9", none, R"({"a":[1,9]})"},
        Case{R"({"a":[1,2]})", Kind::set, "/a/2", "9", none, ""},
        Case{R"({"a":[1,2]})", Kind::set, "/a/-", "9", none, ""},
        Case{R"({"a":[1,2]})", Kind::set, "/a/01", "9", none, ""},
        Case{R"({"a":[1,2]})", Kind::set, "/a", "9", none, R"({"a":9})"},
        Case{R"({"a":1})", Kind::set, "/a/b", "9", none, ""},
        Case{R"({"a":1})", Kind::set, "/a/b/c", "9", none, ""},
        Case{R"({"a":1})", Kind::set, "", "9", none, "9"},
        Case{R"({"a":[1,2]})", Kind::add, "/a", "9", 0, R"({"a":[9,1,2]})"},
        Case{R"({"a":[1,2]})", Kind::add, "/a", "9", 2, R"({"a":[1,2,9]})"},
        Case{R"({"a":[1,2]})", Kind::add, "/a", "9", none, R"({"a":[1,2,9]})"},
        Case{R"({"a":[1,2]})", Kind::add, "/a", "9", 3, ""},
        Case{R"({"a":[1,2]})", Kind::add, "/a", "9", UINT64_MAX, ""},
        Case{R"({"a":[1,2]})", Kind::add, "/a/1", "9", none, R"({"a":[1,9,2]})"},
        Case{R"({"a":[1,2]})", Kind::add, "/a/2", "9", none, R"({"a":[1,2,9]})"},
        Case{R"({"a":[1,2]})", Kind::add, "/a/3", "9", none, ""},
        Case{R"({"a":[1,2]})", Kind::add, "/a/-", "9", none, R"({"a":[1,2,9]})"},
        Case{R"({"a":[1,2]})", Kind::add, "/a/1", "9", 0, ""},
        Case{R"({"a":[1,[2]]})", Kind::add, "/a/1", "9", 0, R"({"a":[1,[9,2]]})"},
        Case{R"({"a":[1,2]})", Kind::add, "/a/-", "9", 0, ""},
        Case{R"({"a":1})", Kind::add, "/a", "9", none, R"({"a":9})"},
        Case{R"({"a":1})", Kind::add, "/b", "9", none, R"({"a":1,"b":9})"},
        Case{R"({"a":1})", Kind::add, "/a", "9", 0, ""},
        Case{R"({"a":1})", Kind::add, "/b", "9", 0, ""},
        Case{R"({"a":1})", Kind::add, "/a/b", "9", none, ""},
        Case{R"({"a":1})", Kind::add, "/a/b", "9", 0, ""},
        Case{R"([1])", Kind::add, "", "9", none, R"([1,9])"},
        Case{R"({"a":1})", Kind::add, "", "9", 0, ""},
        Case{R"({"a":1})", Kind::add, "", "9", none, "9"},
        Case{R"({"a":1,"b":2})", Kind::remove, "/a", "", none, R"({"b":2})"},
        Case{R"({"a":1})", Kind::remove, "/b", "", none, ""},
        Case{R"({"a":[1,2,3]})", Kind::remove, "/a/1", "", none, R"({"a":[1,3]})"},
        Case{R"({"a":[1,2,3]})", Kind::remove, "/a/3", "", none, ""},
        Case{R"({"a":[1,2,3]})", Kind::remove, "/a/-", "", none, ""},
        Case{R"({"a":1})", Kind::remove, "/a/b", "", none, ""},
        Case{R"({"a":1})", Kind::remove, "", "", none, ""},
        Case{R"({"a/b":{"~":1}})", Kind::set, "/a~1b/~0", "2", none, R"({"a/b":{"~":2}})"}));

INSTANTIATE_TEST_SUITE_P(
    OfJsonPatch, DocumentEdit,
    testing::Values(
        Case{R"({"a":1})", Kind::move, "/b", "/a", none, R"({"b":1})"},
        Case{R"([1,2,3])", Kind::move, "/0", "/2", none, R"([3,1,2])"},
        Case{R"({"a":{"b":1}})", Kind::move, "/a/b/c", "/a", none, ""},
        Case{R"({"a":1})", Kind::move, "/b", "/x", none, ""},
        Case{R"({"a":1,"b":2})", Kind::move, "/b/c", "/a", none, ""},
        Case{R"({"a":{"b":1}})", Kind::copy, "/c", "/a", none, R"({"a":{"b":1},"c":{"b":1}})"},
        Case{R"({"a":1})", Kind::copy, "/b", "/x", none, ""},
        Case{R"({"a":[1,"x"]})", Kind::test, "/a", R"([1,"x"])", none, R"({"a":[1,"x"]})"},
        Case{R"({"a":[1,"x"]})", Kind::test, "/a", R"([1,"y"])", none, ""},
        Case{R"({"a":1})", Kind::test, "/b", "1", none, ""}));

std::vector<Operation> good_bad_good()
{
    return {operation({"", Kind::set, "/a", "2", none, ""}),
            operation({"", Kind::set, "/x/y", "2", none, ""}),
            operation({"", Kind::set, "/b", "3", none, ""})};
}

TEST(Document, TolerantSkipsWhatFails)
{
    boost::json::value tree = {{"a", 1}};
    const auto failed = apply(tree, good_bad_good(), ApplyMode::tolerant);
    ASSERT_EQ(failed.size(), 1U);
    EXPECT_EQ(failed[0].number, 1U);
    EXPECT_EQ(tree, boost::json::parse(R"({"a":2,"b":3})"));
}

TEST(Document, AtomicLeavesEverythingAsItWas)
{
    boost::json::value tree = {{"a", 1}};
    const auto failed = apply(tree, good_bad_good(), ApplyMode::atomic);
    ASSERT_EQ(failed.size(), 1U);
    EXPECT_EQ(failed[0].number, 1U);
    EXPECT_EQ(tree, boost::json::parse(R"({"a":1})"));
}

TEST(Document, DoublingEndsAtTheLimitOfDocuments)
{
    boost::json::value tree = {{"a", {1, 2, 3}}};
    const std::vector<Operation> doubling(60, operation({"", Kind::copy, "/a/-", "/a", none, ""}));
    const auto failed = apply(tree, doubling, ApplyMode::tolerant);
    EXPECT_GT(failed.size(), 30U);
    EXPECT_LT(boost::json::serialize(tree).size(), 1'000'000U);
}

TEST(Document, MovedIntoDepthEndsAtTheLimitOfDocuments)
{
    boost::json::value tree = {{"a", 1}, {"b", 1}};
    std::vector<Operation> wrap;
    for (int n = 0; n < 1000; ++n) {
        wrap.push_back(operation({"", Kind::set, "/b", R"({"c":0})", none, ""}));
        wrap.push_back(operation({"", Kind::move, "/b/c", "/a", none, ""}));
        wrap.push_back(operation({"", Kind::move, "/a", "/b", none, ""}));
    }
    const auto failed = apply(tree, wrap, ApplyMode::tolerant);
    EXPECT_FALSE(failed.empty());
    EXPECT_LT(boost::json::serialize(tree).size(), 10'000U);
}

TEST(Document, BelowADepthThePathsBeginThere)
{
    boost::json::value tree = {{"b", 1}};
    ASSERT_TRUE(apply(tree, operation({"", Kind::set, "/envelope/from/b", "2", none, ""}), 2));
    EXPECT_EQ(tree, boost::json::parse(R"({"b":2})"));
}

}
