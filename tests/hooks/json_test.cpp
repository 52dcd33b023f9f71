#include "bounded.hpp"
#include "hooks/codec/serialization.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace grapnel::hooks {
namespace {

// What was read, written again; or why it was not.
std::string read(std::string_view text)
{
    const auto value = decode(Serialization::json, text);
    return value ? boost::json::serialize(*value) : "malformed: " + value.error().text;
}

std::string repeat(std::string_view text, std::size_t times)
{
    std::string all;
    for (std::size_t n = 0; n < times; ++n) all += text;
    return all;
}

TEST(Json, ReadsEveryKindOfValue)
{
    const auto text = R"({"a":[null,true,false,"x",-1,0,9007199254740991],"b":{},"":[]})";
    EXPECT_EQ(read(text), text);
    EXPECT_EQ(read(" \t\r\n[ 1 , 2 ]\n"), "[1,2]");
    EXPECT_EQ(read("7"), "7");
    EXPECT_EQ(read(R"("\u00fc\ud83d\ude00\n\/\\\"")"), "\"\xC3\xBC\xF0\x9F\x98\x80\\n/\\\\\\\"\"");
}

TEST(Json, KnowsIntegersHoweverTheyAreWritten)
{
    const auto integer = [](std::string_view text) {
        return decode(Serialization::json, text).value().if_int64() != nullptr;
    };
    for (const std::string_view text : {"0", "-0", "550", "5.5e2", "550.0", "1E2",
                                        "9007199254740991", "-9007199254740991", "-0.0"})
        EXPECT_TRUE(integer(text)) << text;
    for (const std::string_view text : {"0.5", "1e-1", "9007199254740992", "-9007199254740992",
                                        "1e300", "9223372036854775807", "18446744073709551615"})
        EXPECT_FALSE(integer(text)) << text;
    EXPECT_EQ(decode(Serialization::json, "5.5e2").value(), 550);
    EXPECT_EQ(decode(Serialization::json, "0.5").value(), 0.5);
}

TEST(Json, IsMalformedWhereItBreaksARule)
{
    const std::pair<std::string_view, std::string_view> rules[] = {
        // nothing, or no JSON
        {"", "no JSON"},
        {" ", "no JSON"},
        {"{", "no JSON"},
        {"{]", "no JSON"},
        {"[1,]", "no JSON"},
        {"[,1]", "no JSON"},
        {R"({"a":1,})", "no JSON"},
        {R"({"a"})", "no JSON"},
        {R"({a:1})", "no JSON"},
        {"{'a':1}", "no JSON"},
        {"[1 2]", "no JSON"},
        {"\"", "no JSON"},
        {"\"abc", "no JSON"},
        {"\"abc\\", "no JSON"},
        {"\"a\\\"", "no JSON"},
        {"tru", "no JSON"},
        {"True", "no JSON"},
        {"nulll", "no JSON"},
        {"// x\n1", "no JSON"},
        {"[1]/**/", "no JSON"},
        {"]", "no JSON"},
        {"\xEF\xBB\xBF{}", "no JSON"},
        // something behind the end
        {"{}{}", "no JSON"},
        {"{} x", "no JSON"},
        {"1 2", "no JSON"},
        {"[]]", "no JSON"},
        // numbers
        {"NaN", "no JSON"},
        {"-NaN", "no JSON"},
        {"Infinity", "no JSON"},
        {"-Infinity", "no JSON"},
        {"1e999", "no JSON"},
        {"-1e999", "no JSON"},
        {"123456789012345678901234567890", "no JSON"},
        {"01", "no JSON"},
        {"-", "no JSON"},
        {"+1", "no JSON"},
        {".5", "no JSON"},
        {"1.", "no JSON"},
        {"1e", "no JSON"},
        {"0x10", "no JSON"},
        // text
        {"\"\xFF\"", "no JSON"},
        {"\"\xC0\x80\"", "no JSON"},
        {"\"\xED\xA0\x80\"", "no JSON"},
        {"\"\xF5\x80\x80\x80\"", "no JSON"},
        {"\"\xC3\"", "no JSON"},
        {"{\"\xFF\":1}", "no JSON"},
        {"\"a\nb\"", "no JSON"},
        {"\"a\tb\"", "no JSON"},
        {R"("\x41")", "no JSON"},
        {R"("\u00g0")", "no JSON"},
        {R"("\u00")", "no JSON"},
        // names
        {R"({"a":1,"a":2})", "a name stands twice"},
        {R"({"a":1,"b":{"c":1,"d":2,"c":1}})", "a name stands twice"},
        {R"({"a":1,"\u0061":2})", "a name stands twice"},
        {R"([{"":1,"":1}])", "a name stands twice"},
    };
    for (const auto& [text, why] : rules)
        EXPECT_EQ(read(text), "malformed: " + std::string(why)) << text;
    EXPECT_NE(read(std::string_view("\"a\0b\"", 5)), "\"a\\u0000b\"");
    EXPECT_EQ(read(std::string_view("[1]\0", 4)), "malformed: no JSON");
}

TEST(Json, IsMalformedWithHalfASurrogatePair)
{
    for (const std::string_view text :
         {R"("\ud83d")", R"("\ude00")", R"("\ud83dx")", R"("\ud83d\u0041")", R"("\ud83d\ud83d")",
          R"("\ude00\ud83d")", R"("x\udfff")", R"("\ud800\n")", R"({"\ud83d":1})",
          R"({"\ude00":1})", R"(["\udc00"])"})
        EXPECT_EQ(read(text).substr(0, 9), "malformed") << text;
}

TEST(Json, IsNestedAtMost64Deep)
{
    EXPECT_EQ(read(repeat("[", 64) + repeat("]", 64)), repeat("[", 64) + repeat("]", 64));
    EXPECT_EQ(read(repeat("[", 65) + repeat("]", 65)), "malformed: nested too deep");
    EXPECT_EQ(read(repeat(R"({"a":)", 64) + "1" + repeat("}", 64)).substr(0, 5), R"({"a":)");
    EXPECT_EQ(read(repeat(R"({"a":)", 65) + "1" + repeat("}", 65)), "malformed: nested too deep");
    EXPECT_EQ(read(repeat("[[],[[]],", 3) + "1" + repeat("]", 3)).substr(0, 4), "[[],");
    EXPECT_EQ(read("\"" + repeat("[", 100) + "\\\"" + repeat("{", 100) + "\\\\\"").substr(0, 2),
              "\"[");
}

TEST(Json, HasAtMost100000Values)
{
    EXPECT_NE(read("[" + repeat("1,", 99'998) + "1]").substr(0, 9), "malformed");
    EXPECT_EQ(read("[" + repeat("1,", 99'999) + "1]"), "malformed: too many values");
    EXPECT_EQ(read("[" + repeat("[],", 99'999) + "1]"), "malformed: too many values");
    EXPECT_EQ(read("[" + repeat(R"({"a":1},)", 50'000) + "1]"), "malformed: too many values");
    EXPECT_EQ(read("\"" + repeat("[,:{", 200'000) + "\"").size(), 800'002U);
}

TEST(Json, HasAtMost1000NamesInAnObject)
{
    const auto object = [](int names) {
        std::string text = "{\"x\":0";
        for (int n = 1; n < names; ++n) text += ",\"" + std::to_string(n) + "\":0";
        return text + "}";
    };
    EXPECT_NE(read(object(1000)).substr(0, 9), "malformed");
    EXPECT_EQ(read(object(1001)), "malformed: too many names in one object");
}

TEST(Json, CostsBoundedMemoryAndStackWhateverItIs)
{
    constexpr std::size_t size = 512 << 10, more = 2 << 20;   // sanitizers take some
    const std::string_view patterns[] = {"[", "{\"a\":", "[1,", "1,",   "\"\",", "[],",
                                         "]", "}",       "\"",  "\\\"", " ",     "{\"a\":[",
                                         ":", "1",       "-",   "\\u"};
    for (const auto pattern : patterns)
        for (const std::string_view first : {"", "[", "\""}) {
            const auto text = std::string(first) + repeat(pattern, size / pattern.size());
            std::string outcome;
            // Of the text itself simdjson makes a padded copy, and an index of at most four times
            // its size.
            EXPECT_LT(test::memory_of([&] { outcome = read(text).substr(0, 9); }), 6 * size + more)
                << first << pattern;
            EXPECT_EQ(outcome, "malformed") << first << pattern;
        }
}

TEST(Json, CostsNearlyNothingForAHundredThousandBrackets)
{
    for (const std::string_view bracket : {"[", "{\"a\":", "[[],"}) {
        const auto text = repeat(bracket, 100'000);
        std::string outcome;
        EXPECT_LT(test::memory_of([&] { outcome = read(text); }), 1U << 20) << bracket;
        EXPECT_EQ(outcome, "malformed: nested too deep");
    }
}

TEST(Json, IsWrittenSoThatItIsReadAgain)
{
    const boost::json::value value{{"a", {1, -1, true, nullptr, "\"\\\n\x01 \xC3\xBC"}},
                                   {"b", boost::json::object()},
                                   {"n", 9007199254740991}};
    EXPECT_EQ(decode(Serialization::json, encode(Serialization::json, value)).value(), value);
}

TEST(Json, IsWrittenAsUtf8WhateverIsInIt)
{
    EXPECT_EQ(encode(Serialization::json, {{"gr\xFC", "\xDF\xC3\xBC"}}),
              "{\"gr\xEF\xBF\xBD\":\"\xEF\xBF\xBD\xC3\xBC\"}");
}

}
}
