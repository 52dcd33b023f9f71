#include "hooks/values/pointer.hpp"

#include <gmock/gmock.h>

namespace grapnel::hooks {
namespace {

using testing::ElementsAre;

std::vector<Pointer> list(const std::vector<std::string>& texts)
{
    std::vector<Pointer> pointers;
    for (const auto& text : texts) pointers.push_back(Pointer::parse(text).value());
    return pointers;
}

std::vector<std::string> texts(const std::vector<Pointer>& pointers)
{
    std::vector<std::string> texts;
    for (const auto& pointer : pointers) texts.push_back(pointer.text());
    return texts;
}

std::vector<std::string> both(const std::vector<std::string>& a, const std::vector<std::string>& b)
{
    return texts(intersection(list(a), list(b)));
}

TEST(Pointer, HasTheTokensOfRfc6901)
{
    const auto tokens = [](std::string_view text) { return Pointer::parse(text).value().tokens(); };
    EXPECT_THAT(tokens(""), ElementsAre());
    EXPECT_THAT(tokens("/"), ElementsAre(""));
    EXPECT_THAT(tokens("/foo/0"), ElementsAre("foo", "0"));
    EXPECT_THAT(tokens("/a~1b"), ElementsAre("a/b"));
    EXPECT_THAT(tokens("/m~0n"), ElementsAre("m~n"));
    EXPECT_THAT(tokens("/~01"), ElementsAre("~1"));
    EXPECT_THAT(tokens("/~10"), ElementsAre("/0"));
    EXPECT_THAT(tokens("/c%d/e^f/ /k\"l"), ElementsAre("c%d", "e^f", " ", "k\"l"));
    EXPECT_THAT(tokens("/envelope/to/-"), ElementsAre("envelope", "to", "-"));
    EXPECT_THAT(tokens("/a//"), ElementsAre("a", "", ""));
}

TEST(Pointer, IsNothingElse)
{
    for (const std::string_view text :
         {"a", "action", "#/a", " /a", "/~", "/a~", "/~2", "/~~0", "/a/~/b"})
        EXPECT_FALSE(Pointer::parse(text)) << text;
}

TEST(Pointer, HasAtMost512Octets)
{
    EXPECT_TRUE(Pointer::parse("/" + std::string(511, 'a')));
    EXPECT_FALSE(Pointer::parse("/" + std::string(512, 'a')));
}

TEST(Pointer, HasAtMost16Tokens)
{
    std::string text;
    for (int n = 0; n < 16; ++n) text += "/a";
    EXPECT_TRUE(Pointer::parse(text));
    EXPECT_FALSE(Pointer::parse(text + "/"));
}

TEST(Pointer, IsTextAgain)
{
    for (const std::string_view text : {"", "/", "/a/b", "/a~1b~0/~01", "/header:X-A:asText"})
        EXPECT_EQ(Pointer::parse(text).value().text(), text);
    EXPECT_EQ(Pointer::of({"a/b", "~"}).text(), "/a~1b/~0");
}

TEST(Pointer, CoversItselfAndWhatLiesBelow)
{
    const auto covers = [](std::string_view a, std::string_view b) {
        return Pointer::parse(a).value().covers(Pointer::parse(b).value());
    };
    EXPECT_TRUE(covers("/a", "/a"));
    EXPECT_TRUE(covers("/a", "/a/b/c"));
    EXPECT_TRUE(covers("", "/a"));
    EXPECT_FALSE(covers("/a", "/ab"));
    EXPECT_FALSE(covers("/a/b", "/a"));
    EXPECT_FALSE(covers("/a", ""));
}

TEST(PointerIntersection, KeepsWhatBothListsCover)
{
    EXPECT_THAT(both({"/a", "/b"}, {"/b", "/c"}), ElementsAre("/b"));
    EXPECT_THAT(both({"/message"}, {"/message/headers", "/message/subject"}),
                ElementsAre("/message/headers", "/message/subject"));
    EXPECT_THAT(both({"/message/headers", "/message/subject"}, {"/message"}),
                ElementsAre("/message/headers", "/message/subject"));
    EXPECT_THAT(both({"/a"}, {"/ab"}), ElementsAre());
    EXPECT_THAT(both({}, {"/a"}), ElementsAre());
}

TEST(PointerIntersection, HasTheOrderOfTheFirstListAndNothingTwice)
{
    EXPECT_THAT(both({"/c", "/a", "/b"}, {"/a", "/b", "/c"}), ElementsAre("/c", "/a", "/b"));
    EXPECT_THAT(both({"/c", "/a"}, {"/a/x", "/c/y", "/c/x"}), ElementsAre("/c/y", "/c/x", "/a/x"));
    EXPECT_THAT(both({"/a", "/a", "/a/b"}, {"/a", "/a/b"}), ElementsAre("/a", "/a/b"));
}

TEST(PointerList, CoversWhatAnyEntryCovers)
{
    const auto entries = list({"/action", "/message/headers"});
    EXPECT_TRUE(covered(Pointer::of({"message", "headers", "3", "value"}), entries));
    EXPECT_FALSE(covered(Pointer::of({"message"}), entries));
    EXPECT_FALSE(covered(Pointer::of({"action"}), {}));
}

TEST(ArrayIndex, HasNoLeadingZero)
{
    EXPECT_EQ(array_index("0"), 0U);
    EXPECT_EQ(array_index("17"), 17U);
    for (const std::string_view token :
         {"", "-", "00", "01", "-1", "+1", " 1", "1 ", "1.0", "1e1", "x", "99999999999999999999"})
        EXPECT_FALSE(array_index(token)) << token;
}

}
}
