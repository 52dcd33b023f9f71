#include "hex.hpp"
#include "hooks/request/request.hpp"
#include "some_facts.hpp"
#include "support/process.hpp"
#include "support/temp_home.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

namespace grapnel::hooks {
namespace {

using namespace std::string_literals;
using grapnel::test::run;
using grapnel::test::TempDirectory;

// Debian's Python: cbor2 is a package of it.
std::string python(std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), {"/usr/bin/python3", "-B", HOOKS_TESTS "/other_codecs.py"});
    const auto finished = run({.argv = std::move(arguments)});
    EXPECT_EQ(finished, 0) << finished.errors;
    return finished.output;
}

std::string crlf(std::string_view text)
{
    std::string lines;
    for (const char c : text) lines += c == '\n' ? "\r\n" : std::string(1, c);
    return lines;
}

std::string with_lf(std::string_view text)
{
    std::string lines;
    for (std::size_t n = 0; n < text.size(); ++n)
        if (!text.substr(n).starts_with("\r\n")) lines += text[n];
    return lines;
}

std::string read(const RequestBody& body)
{
    RequestBody::Reader reader(body);
    std::string all(body.size() + 1, '\0');
    all.resize(reader.read(all.data(), all.size()));
    return all;
}

std::string without_raw(Serialization serialization, std::string_view request)
{
    auto value = decode(serialization, request).value();
    value.get_object().erase("rawMessage");   // the last one: the others stay where they are
    return boost::json::serialize(value);
}

TEST(OtherCodecs, ReadOurRequestsAsWeMeanThem)
{
    const TempDirectory directory;
    auto odd = hooks::test::data_facts();
    odd.client->ehlo = "\"\\\b\f\n\r\t\x01\x7F/ gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80 \xE2\x80\xA8";
    odd.envelope->from = {"", {{"ENVID", "a+2Bb"}}};
    std::string every_octet;
    for (int c = 0; c < 256; ++c) every_octet += static_cast<char>(c);
    const std::string messages[] = {"", "A: b\n", "A: b\n\n" + every_octet + every_octet,
                                    "A: b\n\n" + std::string(100'000, '\xFE')};
    const std::pair<Facts, Direction> facts[] = {
        {hooks::test::connect_facts(), Direction::inbound},
        {hooks::test::data_facts(), Direction::inbound},
        {odd, Direction::inbound},
        {hooks::test::delivery_facts(), Direction::outbound}};
    std::string expected;
    int number = 100;
    for (const auto& text : messages)
        for (const auto& [known, direction] : facts)
            for (const auto serialization : {Serialization::cbor, Serialization::json}) {
                const Message message(text);
                const auto* carried = has_message(known.stage) ? &message : nullptr;
                const RequestBody body(serialization, known, carried, all_properties(direction));
                const auto file = std::to_string(++number) + "." + std::string(name(serialization));
                const auto request = read(body);
                grapnel::test::spill(directory / file, request);
                grapnel::test::spill(directory / (std::to_string(number) + ".raw"), crlf(text));
                expected += file + (carried ? " with " : " without ") +
                            without_raw(serialization, request) + "\n";
            }
    EXPECT_EQ(python({"read", directory.path()}), expected);
}

// Every message that is there, as it would go to a scanner that wants all of it.
TEST(OtherCodecs, ReadRequestsOfRealMessages)
{
    if (!std::filesystem::exists(CORPUS)) GTEST_SKIP() << "no " << CORPUS;
    const TempDirectory directory;
    int number = 1000;
    std::size_t requests = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(CORPUS)) {
        if (!entry.is_regular_file()) continue;
        const auto text = with_lf(grapnel::test::slurp(entry.path()));
        const Message message(text);
        const auto file = directory / std::to_string(++number);
        for (const auto serialization : {Serialization::json, Serialization::cbor}) {
            const RequestBody body(serialization, hooks::test::data_facts(), &message,
                                   all_properties(Direction::inbound));
            grapnel::test::spill(file + "." + std::string(name(serialization)), read(body));
            ++requests;
        }
        grapnel::test::spill(file + ".raw", crlf(text));
    }
    const auto said = python({"read", directory.path()});
    EXPECT_EQ(static_cast<std::size_t>(std::count(said.begin(), said.end(), '\n')), requests);
    EXPECT_GT(requests, 0U);
}

TEST(OtherCodecs, MakeAnswersThatWeUnderstand)
{
    std::istringstream lines(python({"answers"}));
    std::string kind, bytes;
    int count = 0;
    for (; lines >> kind >> bytes; ++count) {
        const auto serialization = kind == "json" ? Serialization::json : Serialization::cbor;
        const auto read = decode_response(serialization, grapnel::test::octets(bytes));
        ASSERT_TRUE(read) << read.error().text;
        const auto& list = read->list;
        ASSERT_EQ(list.size(), 6U);
        EXPECT_EQ(list[0].value, "quarantine");
        EXPECT_EQ(list[1].value, 550);
        EXPECT_EQ(boost::json::serialize(list[2].value),
                  "[null,true,-1,9007199254740991,5E-1,\"\xC3\xBC\xF0\x9F\x98\x80\",{}]");
        EXPECT_EQ(list[3].index, 0U);
        EXPECT_EQ(list[4].index, std::nullopt);
        EXPECT_EQ(list[5].path.text(), "/message/headers/12");
    }
    EXPECT_EQ(count, 5);
}

}
}
