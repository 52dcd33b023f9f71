#include "hex.hpp"
#include "hooks/codec/serialization.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

namespace grapnel::hooks {
namespace {

using test::octets;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto json = Serialization::json;
constexpr auto cbor = Serialization::cbor;

std::string shown(const Operation& operation)
{
    const std::string kinds[] = {"set", "add", "delete"};
    auto text = kinds[static_cast<std::size_t>(operation.kind)] + " " + operation.path.text() +
                " " + boost::json::serialize(operation.value);
    if (operation.index) text += " at " + std::to_string(*operation.index);
    if (operation.bytes) text += " bytes " + *operation.bytes;
    return text;
}

std::vector<std::string> operations(Serialization serialization, std::string_view bytes)
{
    const auto read = decode_response(serialization, bytes);
    if (!read) return {"malformed: " + read.error().text};
    std::vector<std::string> list;
    for (const auto& operation : read->list) list.push_back(shown(operation));
    return list;
}

// The same answer in both serializations.
std::vector<std::string> read(std::string_view text)
{
    auto list = operations(json, text);
    boost::system::error_code no_json;
    const auto value = boost::json::parse(text, no_json);
    if (!no_json) { EXPECT_EQ(operations(cbor, encode(cbor, value)), list) << text; }
    return list;
}

std::string malformed(std::string_view text)
{
    const auto list = read(text);
    return list.size() == 1 && list[0].starts_with("malformed: ") ? list[0].substr(11) : "";
}

TEST(Response, ListsSetsThenAddsThenDeletes)
{
    EXPECT_THAT(read(R"({"delete": [{"path": "/envelope/to/0"}],
                         "add": [{"path": "/message/headers", "value": {"name": "A", "value": "1"}, "index": 0},
                                 {"path": "/envelope/to/-", "value": null}],
                         "set": [{"path": "/action", "value": "reject"}, {"path": "/a~1b", "value": [1]}]})"),
                ElementsAre(R"(set /action "reject")", "set /a~1b [1]",
                            R"(add /message/headers {"name":"A","value":"1"} at 0)",
                            "add /envelope/to/- null", "delete /envelope/to/0 null"));
}

TEST(Response, MayHaveNothingToChange)
{
    for (const std::string_view text :
         {"{}", R"({"set": null})", R"({"set": [], "add": [], "delete": []})",
          R"({"set": null, "add": null, "delete": null})"})
        EXPECT_THAT(read(text), IsEmpty()) << text;
}

TEST(Response, TakesAnIndexThatIsNullForNone)
{
    EXPECT_THAT(read(R"({"add": [{"path": "/x", "value": 1, "index": null}]})"),
                ElementsAre("add /x 1"));
    EXPECT_THAT(read(R"({"add": [{"path": "/x", "value": 1, "index": 9007199254740991}]})"),
                ElementsAre("add /x 1 at 9007199254740991"));
    EXPECT_THAT(operations(json, R"({"add": [{"path": "/x", "value": 1, "index": 2.0}]})"),
                ElementsAre("add /x 1 at 2"));
}

TEST(Response, IsMalformedWhereItBreaksARule)
{
    const std::pair<std::string_view, std::string_view> rules[] = {
        {"[]", "an answer that is no object"},
        {"null", "an answer that is no object"},
        {"\"{}\"", "an answer that is no object"},
        {R"([{"op": "replace", "path": "/action", "value": "reject"}])",
         "an answer that is no object"},
        {R"({"action": "reject"})", "an answer without set, add or delete"},
        {R"({"Set": []})", "an answer without set, add or delete"},
        {R"({"set": {}})", "operations that are no list"},
        {R"({"set": [], "add": "x"})", "operations that are no list"},
        {R"({"delete": 0})", "operations that are no list"},
        {R"({"delete": false})", "operations that are no list"},
        {R"({"set": ["x"]})", "an operation that is no object"},
        {R"({"set": [null]})", "an operation that is no object"},
        {R"({"delete": ["/envelope/to/0"]})", "an operation that is no object"},
        {R"({"set": [{"value": 1}]})", "an operation without a path"},
        {R"({"set": [{"path": null, "value": 1}]})", "an operation without a path"},
        {R"({"set": [{"path": ["action"], "value": 1}]})", "an operation without a path"},
        {R"({"delete": [{}]})", "an operation without a path"},
        {R"({"set": [{"path": "action", "value": 1}]})", "a path that is no JSON Pointer"},
        {R"({"set": [{"path": "/a~2", "value": 1}]})", "a path that is no JSON Pointer"},
        {R"({"delete": [{"path": "#/a"}]})", "a path that is no JSON Pointer"},
        {R"({"set": [{"path": "/action"}]})", "an operation without a value"},
        {R"({"add": [{"path": "/action", "index": 1}]})", "an operation without a value"},
        {R"({"add": [{"path": "/a", "value": 1, "index": -1}]})", "an index that is no number"},
        {R"({"add": [{"path": "/a", "value": 1, "index": 0.5}]})", "an index that is no number"},
        {R"({"add": [{"path": "/a", "value": 1, "index": "0"}]})", "an index that is no number"},
        {R"({"add": [{"path": "/a", "value": 1, "index": true}]})", "an index that is no number"},
        {R"({"add": [{"path": "/a", "value": 1, "index": 9007199254740992}]})",
         "an index that is no number"},
        {R"({"set": [{"path": "/a", "value": 1}], "add": [7]})", "an operation that is no object"},
        {"", "no JSON"},
        {R"({"set": [], "set": []})", "a name stands twice"},
    };
    for (const auto& [text, why] : rules) {
        const auto list =
            text.find(R"("set": [], "set")") == text.npos ? read(text) : operations(json, text);
        EXPECT_THAT(list, ElementsAre("malformed: " + std::string(why))) << text;
    }
    EXPECT_EQ(malformed(R"({"set": [{"path": "/)" + std::string(512, 'a') + R"(", "value": 1}]})"),
              "a path that is no JSON Pointer");
    EXPECT_THAT(operations(cbor, ""), ElementsAre("malformed: no CBOR, or cut short"));
}

TEST(Response, HasAtMost1000Operations)
{
    const auto answer = [](int sets, int deletes) {
        boost::json::array set, remove;
        for (int n = 0; n < sets; ++n)
            set.push_back(boost::json::object{{"path", "/action"}, {"value", "accept"}});
        for (int n = 0; n < deletes; ++n)
            remove.push_back(boost::json::object{{"path", "/envelope/to/0"}});
        return boost::json::serialize(boost::json::object{{"set", set}, {"delete", remove}});
    };
    EXPECT_EQ(read(answer(600, 400)).size(), 1000U);
    EXPECT_EQ(malformed(answer(600, 401)), "too many operations");
}

TEST(Response, TellsOfUnknownMembersNextToKnownOnes)
{
    const auto unknown = [](std::string_view text) {
        return decode_response(json, text).value().unknown_members;
    };
    EXPECT_TRUE(unknown(R"({"set": [], "comment": "x"})"));
    EXPECT_TRUE(unknown(R"({"set": [{"path": "/a", "value": 1, "why": "x"}]})"));
    EXPECT_TRUE(unknown(R"({"delete": [{"path": "/a", "value": 1}]})"));
    EXPECT_FALSE(unknown(R"({"set": [{"path": "/a", "value": 1}], "delete": [{"path": "/a"}]})"));
    EXPECT_FALSE(unknown("{}"));
}

TEST(Response, KeepsByteStringsThatAreValues)
{
    // {"set": [{"path": "/a", "value": h'00ff'}], "add": [{"path": "/b", "value": (_ h'78', h'79'),
    // "index": 1}]}
    EXPECT_THAT(
        operations(cbor, octets("a2 63736574 81 a2 6470617468 622f61 6576616c7565 4200ff"
                                "63616464 81 a3 6470617468 622f62 6576616c7565 5f41784179ff"
                                "65696e646578 01")),
        ElementsAre(std::string("set /a null bytes \0\xFF", 20), "add /b null at 1 bytes xy"));
}

TEST(Response, ReadsTextOfBase64AsText)
{
    const auto set = decode_response(
        cbor, encode(cbor, {{"set", {{{"path", "/rawMessage"}, {"value", "AP8="}}}}}));
    EXPECT_EQ(set.value().list[0].value, "AP8=");
    EXPECT_FALSE(set.value().list[0].bytes);
}

TEST(Response, ReadsByteStringsInsideValuesAsBase64)
{
    // {"set": [{"path": "/a", "value": {"value": h'00ff'}}]}
    EXPECT_THAT(
        operations(
            cbor,
            octets("a1 63736574 81 a2 6470617468 622f61 6576616c7565 a1 6576616c7565 4200ff")),
        ElementsAre(R"(set /a {"value":"AP8="})"));
    // {"set": [{"path": h'2f61', "value": 1}]}
    EXPECT_THAT(operations(cbor, octets("a1 63736574 81 a2 6470617468 422f61 6576616c7565 01")),
                ElementsAre("malformed: a path that is no JSON Pointer"));
}

}
}
