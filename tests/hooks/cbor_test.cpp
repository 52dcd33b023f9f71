#include "base/hexadecimal.hpp"
#include "bounded.hpp"
#include "hex.hpp"
#include "hooks/codec/serialization.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace grapnel::hooks {
namespace {

using test::octets;

// What was read, as JSON; or why it was not.
std::string read_bytes(std::string_view bytes)
{
    const auto value = decode(Serialization::cbor, bytes);
    return value ? boost::json::serialize(*value) : "malformed: " + value.error().text;
}
std::string read(std::string_view hex) { return read_bytes(octets(hex)); }

std::string written(const boost::json::value& value)
{
    return hexadecimal(encode(Serialization::cbor, value));
}

std::string repeat(std::string_view text, std::size_t times)
{
    std::string all;
    for (std::size_t n = 0; n < times; ++n) all += text;
    return all;
}

TEST(Cbor, ReadsTheExamplesOfRfc8949)
{
    const std::pair<std::string_view, std::string_view> examples[] = {
        {"00", "0"},
        {"17", "23"},
        {"1818", "24"},
        {"1903e8", "1000"},
        {"1a000f4240", "1000000"},
        {"1b000000e8d4a51000", "1000000000000"},
        {"20", "-1"},
        {"3863", "-100"},
        {"3903e7", "-1000"},
        {"f93e00", "1.5E0"},
        {"f90001", "5.960464477539063E-8"},
        {"f9c400", "-4"},
        {"f98000", "0"},
        {"fa47c35000", "100000"},
        {"fb3ff199999999999a", "1.1E0"},
        {"fbc010666666666666", "-4.1E0"},
        {"f4", "false"},
        {"f5", "true"},
        {"f6", "null"},
        {"60", "\"\""},
        {"6449455446", "\"IETF\""},
        {"62c3bc", "\"\xC3\xBC\""},
        {"64f0908591", "\"\xF0\x90\x85\x91\""},
        {"40", "\"\""},
        {"4401020304", "\"AQIDBA==\""},
        {"80", "[]"},
        {"83010203", "[1,2,3]"},
        {"8301820203820405", "[1,[2,3],[4,5]]"},
        {"98190102030405060708090a0b0c0d0e0f101112131415161718181819",
         "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25]"},
        {"a0", "{}"},
        {"a26161016162820203", R"({"a":1,"b":[2,3]})"},
        {"826161a161626163", R"(["a",{"b":"c"}])"},
        {"5f42010243030405ff", "\"AQIDBAU=\""},
        {"7f657374726561646d696e67ff", "\"streaming\""},
        {"9fff", "[]"},
        {"9f018202039f0405ffff", "[1,[2,3],[4,5]]"},
        {"83018202039f0405ff", "[1,[2,3],[4,5]]"},
        {"83019f0203ff820405", "[1,[2,3],[4,5]]"},
        {"bf61610161629f0203ffff", R"({"a":1,"b":[2,3]})"},
        {"826161bf61626163ff", R"(["a",{"b":"c"}])"},
        {"bf6346756ef563416d7421ff", R"({"Fun":true,"Amt":-2})"},
        // what is not shortest, is read all the same
        {"1b0000000000000001", "1"},
        {"9a0000000101", "[1]"},
        {"7a0000000161", "\"a\""},
        {"bfff", "{}"},
        {"7fff", "\"\""},
        {"5fff", "\"\""},
        {"a17f6161ff01", R"({"a":1})"},
        {"d9d9f7a0", "{}"},
    };
    for (const auto& [bytes, text] : examples) EXPECT_EQ(read(bytes), text) << bytes;
}

TEST(Cbor, KnowsIntegersAsJsonDoes)
{
    const auto integer = [](std::string_view bytes) {
        return decode(Serialization::cbor, octets(bytes)).value().if_int64() != nullptr;
    };
    for (const std::string_view bytes :
         {"00", "1b001fffffffffffff", "3b001ffffffffffffe", "f96000", "fb4081300000000000"})
        EXPECT_TRUE(integer(bytes)) << bytes;
    for (const std::string_view bytes :
         {"1b0020000000000000", "3b001fffffffffffff", "1bffffffffffffffff", "3bffffffffffffffff",
          "3b7fffffffffffffff", "f93800"})
        EXPECT_FALSE(integer(bytes)) << bytes;
}

TEST(Cbor, IsMalformedWhereItBreaksARule)
{
    const std::string cut = "no CBOR, or cut short", beyond = "a length beyond the end",
                      out_of_place = "a break out of place",
                      pieces = "a string in pieces that do not fit",
                      name = "a name that is no text";
    const std::pair<std::string_view, std::string> rules[] = {
        {"", cut},
        {"18", cut},
        {"1b00000000000000", cut},
        {"f9", cut},
        {"fb00", cut},
        {"61", cut},
        {"a1", beyond},
        {"a16161", cut},
        {"826101", cut},
        {"9f01", cut},
        {"bf616101", cut},
        {"d9d9f7", cut},
        // lengths
        {"7affffffff61", cut},
        {"7bffffffffffffffff61", cut},
        {"5bffffffffffffffff61", cut},
        {"5b7fffffffffffffff61", cut},
        {"9bffffffffffffffff", beyond},
        {"9affffffff00", beyond},
        {"9b800000000000000000", beyond},
        {"bbffffffffffffffff", beyond},
        {"bb800000000000000000", beyond},
        {"bb7fffffffffffffff00", beyond},
        {"8300", beyond},
        // reserved additional information
        {"1c", cut},
        {"1d", cut},
        {"1e", cut},
        {"1f", cut},
        {"3f", cut},
        {"5c", cut},
        {"7d", cut},
        {"9e", cut},
        {"bc", cut},
        {"dc", cut},
        {"df", cut},
        {"fc", cut},
        {"fd", cut},
        {"fe", cut},
        // tags
        {"c074323031332d30332d32315432303a30343a30305a", "a tag"},
        {"c11a514b67b0", "a tag"},
        {"c249010000000000000000", "a tag"},
        {"81d9d9f700", "a tag"},
        {"d9d9f7d9d9f700", "a tag"},
        {"a1d9d9f7616100", name},
        {"d9d9f6a0", "a tag"},
        // simple values
        {"f7", "an undefined value"},
        {"81f7", "an undefined value"},
        {"e0", cut},
        {"f0", cut},
        {"f3", cut},
        {"f800", cut},
        {"f814", cut},
        {"f820", cut},
        {"f8ff", cut},
        // numbers
        {"f97c00", "a number that is none"},
        {"f97e00", "a number that is none"},
        {"f9fc00", "a number that is none"},
        {"fa7f800000", "a number that is none"},
        {"fa7fc00000", "a number that is none"},
        {"fb7ff0000000000000", "a number that is none"},
        {"fbfff0000000000000", "a number that is none"},
        {"fb7ff8000000000000", "a number that is none"},
        // names
        {"a10102", name},
        {"a1416101", name},
        {"a1f601", name},
        {"a18000", name},
        {"a15f4161ff01", name},
        {"a2616101616102", "a name stands twice"},
        {"bf616101616102ff", "a name stands twice"},
        {"a26161017f6161ff02", "a name stands twice"},
        {"a161ff01", "invalid UTF-8 in a name"},
        // text
        {"61ff", "invalid UTF-8"},
        {"62c080", "invalid UTF-8"},
        {"63eda080", "invalid UTF-8"},
        {"7f61c361bcff", pieces},
        {"7f61ffff", pieces},
        // strings in pieces
        {"7f4161ff", pieces},
        {"5f6161ff", pieces},
        {"7f01ff", pieces},
        {"7f7f6161ffff", pieces},
        {"5f5f4161ffff", pieces},
        {"7f6161", pieces},
        {"5f", pieces},
        // breaks
        {"ff", out_of_place},
        {"81ff", out_of_place},
        {"a1ff", beyond},
        {"a1ff00", out_of_place},
        {"a16161ff", out_of_place},
        {"bf6161ff", out_of_place},
        // behind the end
        {"0000", "more behind the end"},
        {"a0a0", "more behind the end"},
        {"80ff", "more behind the end"},
        {"9fffff", "more behind the end"},
        {"6161f6", "more behind the end"},
    };
    for (const auto& [bytes, why] : rules) EXPECT_EQ(read(bytes), "malformed: " + why) << bytes;
}

TEST(Cbor, IsMalformedCutAnywhere)
{
    const auto counted =
        encode(Serialization::cbor, {{"set", {{{"path", "/a"}, {"value", -1000}}}}});
    const auto opened =
        octets("d9d9f7 bf 6161 9f 01 5f 4102 42 0304 ff f5 ff 7f 6162 ff f97bff ff");
    for (const auto& whole : {counted, opened}) {
        EXPECT_NE(read_bytes(whole).substr(0, 9), "malformed") << read_bytes(whole);
        for (std::size_t size = 0; size < whole.size(); ++size)
            EXPECT_EQ(read_bytes(whole.substr(0, size)).substr(0, 9), "malformed") << size;
    }
}

TEST(Cbor, IsNestedAtMost64Deep)
{
    EXPECT_EQ(read(repeat("81", 63) + "80").substr(0, 64), repeat("[", 64));
    EXPECT_EQ(read(repeat("81", 64) + "80"), "malformed: nested too deep");
    EXPECT_EQ(read(repeat("9f", 64) + repeat("ff", 64)).substr(0, 64), repeat("[", 64));
    EXPECT_EQ(read(repeat("9f", 65) + repeat("ff", 65)), "malformed: nested too deep");
    EXPECT_EQ(read(repeat("a16161", 64) + "01").substr(0, 5), R"({"a":)");
    EXPECT_EQ(read(repeat("a16161", 65) + "01"), "malformed: nested too deep");
}

TEST(Cbor, HasAtMost100000Values)
{
    const auto text = [](std::string_view head, std::size_t count) {
        return octets(head) + std::string(count, '\1');
    };
    EXPECT_NE(read_bytes(text("9a0001869f", 99'999)).substr(0, 9), "malformed");
    EXPECT_EQ(read_bytes(text("9a000186a0", 100'000)), "malformed: too many values");
    EXPECT_EQ(read_bytes(text("9f", 100'000) + "\xFF"), "malformed: too many values");
}

TEST(Cbor, HasAtMost100000PiecesOfStrings)
{
    const auto text = [](std::size_t pieces) {
        return octets("7f") + repeat(octets("6161"), pieces) + octets("ff");
    };
    EXPECT_EQ(read_bytes(text(100'000)).size(), 100'002U);
    EXPECT_EQ(read_bytes(text(100'001)), "malformed: a string in pieces that do not fit");
    EXPECT_EQ(read_bytes(octets("82") + text(50'001) + text(50'001)),
              "malformed: a string in pieces that do not fit");
}

TEST(Cbor, CostsBoundedMemoryAndStackWhateverItIs)
{
    constexpr std::size_t size = 256 << 10, trees = 16 << 20;   // of 100,000 values
    for (const std::string_view pattern :
         {"81", "9f", "a16161", "bf6161", "80", "a0", "01", "40", "60", "5f", "7f", "4161", "6161",
          "ff", "f6", "d9d9f7", "9b0000000001ffffff"})
        for (const std::string_view first : {"", "9f", "bf6161", "5f", "7f", "9a01000000"}) {
            const auto piece = octets(pattern);
            const auto bytes = octets(first) + repeat(piece, size / piece.size());
            std::string outcome;
            EXPECT_LT(test::memory_of([&] { outcome = read_bytes(bytes).substr(0, 9); }),
                      2 * size + trees)
                << first << pattern;
            EXPECT_EQ(outcome, "malformed") << first << pattern;
        }
}

TEST(Cbor, CostsNearlyNothingForAHundredThousandOpenings)
{
    for (const std::string_view opening : {"81", "9f", "a16161", "bf6161"}) {
        const auto bytes = repeat(octets(opening), 100'000);
        std::string outcome;
        EXPECT_LT(test::memory_of([&] { outcome = read_bytes(bytes); }), 1U << 20) << opening;
        EXPECT_EQ(outcome, "malformed: nested too deep");
    }
}

TEST(Cbor, IsWrittenInItsShortestForm)
{
    EXPECT_EQ(written(nullptr), "f6");
    EXPECT_EQ(written(true), "f5");
    EXPECT_EQ(written(false), "f4");
    EXPECT_EQ(written(0), "00");
    EXPECT_EQ(written(23), "17");
    EXPECT_EQ(written(24), "1818");
    EXPECT_EQ(written(255), "18ff");
    EXPECT_EQ(written(256), "190100");
    EXPECT_EQ(written(65535U), "19ffff");
    EXPECT_EQ(written(65536U), "1a00010000");
    EXPECT_EQ(written(std::uint64_t{4294967296}), "1b0000000100000000");
    EXPECT_EQ(written(-1), "20");
    EXPECT_EQ(written(-24), "37");
    EXPECT_EQ(written(-25), "3818");
    EXPECT_EQ(written(-4294967297), "3b0000000100000000");
    EXPECT_EQ(written(""), "60");
    EXPECT_EQ(written(boost::json::string(24, 'a')), "7818" + repeat("61", 24));
    EXPECT_EQ(written(boost::json::object()), "a0");
    EXPECT_EQ(written(boost::json::array()), "80");
    EXPECT_EQ(written({{"a", {1, "x"}}}), "a1616182016178");
    EXPECT_EQ(written(0.5), "fb3fe0000000000000");
}

TEST(Cbor, IsWrittenAsUtf8WhateverIsInIt)
{
    EXPECT_EQ(written({{"\xFC", "\xDF"}}), "a163efbfbd63efbfbd");
}

TEST(Cbor, IsReadAsItWasWritten)
{
    const boost::json::value value{
        {"a", {1, -1, true, nullptr, "\xC3\xBC", 0.25, -9007199254740991}},
        {"b", boost::json::object()},
        {"n", 9007199254740991},
        {"deep", {{"er", {{"est", boost::json::array()}}}}}};
    EXPECT_EQ(decode(Serialization::cbor, encode(Serialization::cbor, value)).value(), value);
}

}
}
