#include "base/hexadecimal.hpp"
#include "hex.hpp"
#include "hooks/request/request.hpp"
#include "hooks/values/base64.hpp"
#include "some_facts.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

namespace grapnel::hooks {
namespace {

using testing::ElementsAre;

constexpr auto json = Serialization::json;
constexpr auto cbor = Serialization::cbor;

std::vector<Pointer> list(const std::vector<std::string>& texts)
{
    std::vector<Pointer> pointers;
    for (const auto& text : texts) pointers.push_back(Pointer::parse(text).value());
    return pointers;
}

std::string read(const RequestBody& body, std::size_t room = 65536)
{
    RequestBody::Reader reader(body);
    std::string all, piece(room, '\0');
    while (const auto count = reader.read(piece.data(), room)) all.append(piece, 0, count);
    EXPECT_EQ(all.size(), body.size());
    return all;
}

std::string request(const Facts& facts, const std::vector<std::string>& properties,
                    const Message* message = nullptr)
{
    const auto text = read(RequestBody(json, facts, message, list(properties)));
    const auto bytes = read(RequestBody(cbor, facts, message, list(properties)));
    EXPECT_EQ(decode(json, text).value(), decode(cbor, bytes).value());
    return text;
}

// Without what is always sent.
std::string more(const Facts& facts, const std::vector<std::string>& properties,
                 const Message* message = nullptr)
{
    auto value = boost::json::parse(request(facts, properties, message));
    for (const auto name : {"stage", "action", "timestamp", "protocol", "response"})
        value.get_object().stable_erase(name);
    return boost::json::serialize(value);
}

std::vector<std::string> names(std::string_view text)
{
    std::vector<std::string> names;
    const auto value = boost::json::parse(text);
    for (const auto& member : value.get_object()) names.emplace_back(member.key());
    return names;
}

std::vector<std::string> everything(Direction direction)
{
    std::vector<std::string> texts;
    for (const auto& pointer : all_properties(direction)) texts.push_back(pointer.text());
    return texts;
}

TEST(Request, HasThePropertiesOfItsDirection)
{
    EXPECT_THAT(everything(Direction::inbound),
                ElementsAre("/stage", "/action", "/timestamp", "/protocol", "/response", "/queue",
                            "/server", "/client", "/tls", "/auth", "/senderAuth", "/envelope",
                            "/message", "/rawMessage"));
    EXPECT_THAT(everything(Direction::outbound),
                ElementsAre("/stage", "/action", "/timestamp", "/protocol", "/queue", "/server",
                            "/envelope", "/message", "/rawMessage"));
}

TEST(Request, AtDataIsTheExample)
{
    const Message message("Subject: hello\n\nx\n");
    auto properties = everything(Direction::inbound);
    std::erase(properties, "/message");
    EXPECT_EQ(
        request(test::data_facts(), properties, &message),
        R"({"stage":"data","action":"accept","timestamp":"2026-11-22T08:15:30.120Z","protocol":{"version":"1.0"},)"
        R"("response":{"code":250,"enhancedCode":"2.0.0","message":"OK id 019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f"},)"
        R"("queue":{"id":"019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f"},)"
        R"("server":{"name":"mx1.example.net","ip":"198.51.100.7","port":25},)"
        R"("client":{"ip":"203.0.113.9","port":40112,"ptr":"out.example.org","ehlo":"out.example.org","asn":null,)"
        R"("country":null,"activeConnections":2},)"
        R"("tls":{"version":"TLSv1.3","cipher":"TLS_AES_128_GCM_SHA256","cipherBits":128,"certIssuer":null,)"
        R"("certSubject":null},"auth":null,)"
        R"("senderAuth":{"spf-ehlo":"none","spf-mail":"pass","dkim":"pass","arc":null,"dmarc":"pass"},)"
        R"("envelope":{"from":{"address":"ana@example.org","parameters":{"SIZE":"210","BODY":"8BITMIME"}},)"
        R"("to":[{"address":"ben@example.net","parameters":{"NOTIFY":"FAILURE"}}]},)"
        R"("rawMessage":"U3ViamVjdDogaGVsbG8NCg0KeA0K"})");
}

TEST(Request, AtConnectHasNullsAndNoEnvelope)
{
    EXPECT_EQ(
        request(test::connect_facts(), everything(Direction::inbound)),
        R"({"stage":"connect","action":"accept","timestamp":"1970-01-01T00:00:00.000Z","protocol":{"version":"1.0"},)"
        R"("response":{"code":220,"enhancedCode":null,"message":"mx1.example.net ESMTP"},"queue":null,)"
        R"("server":{"name":"mx1.example.net","ip":"198.51.100.7","port":25},)"
        R"("client":{"ip":"2001:db8::9","port":40112,"ptr":null,"ehlo":"","asn":null,"country":null,)"
        R"("activeConnections":null},"tls":null,"auth":null,"senderAuth":null,"message":null,"rawMessage":null})");
}

TEST(Request, AtDeliveryTellsHowItGoesWithEachRecipient)
{
    EXPECT_EQ(
        request(test::delivery_facts(), {"/queue", "/server", "/envelope"}),
        R"({"stage":"delivery","action":"continue","timestamp":"2026-11-22T08:15:30.120Z","protocol":{"version":"1.0"},)"
        R"("queue":{"id":"019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f","expiresAt":"2026-11-27T08:15:30.000Z","attempts":3},)"
        R"("server":{"name":"mx1.example.net","ip":"198.51.100.7","port":25},)"
        R"("envelope":{"from":{"address":"ana@example.org","parameters":{"RET":"HDRS"}},)"
        R"("to":[{"address":"ben@example.net","parameters":{"NOTIFY":"FAILURE"},"status":"deferred","attempt":2,)"
        R"("lastResponse":{"code":451,"enhancedCode":"4.7.1","message":"later"},)"
        R"("nextAttemptAt":"2026-11-22T08:25:30.000Z","nextDsnAt":"2026-11-22T10:15:30.000Z","queueName":"remote"},)"
        R"({"address":"cay@example.net","parameters":{},"status":"pending","attempt":0,"lastResponse":null,)"
        R"("nextAttemptAt":null,"nextDsnAt":null,"queueName":null}]}})");
}

TEST(Request, HasWhatIsAlwaysSentWhateverWasNegotiated)
{
    EXPECT_THAT(names(request(test::data_facts(), {})),
                ElementsAre("stage", "action", "timestamp", "protocol", "response"));
    EXPECT_THAT(names(request(test::delivery_facts(), {})),
                ElementsAre("stage", "action", "timestamp", "protocol"));
    EXPECT_THAT(names(request(test::data_facts(), {"/response/code", "/stage"})),
                ElementsAre("stage", "action", "timestamp", "protocol", "response"));
    EXPECT_NE(request(test::data_facts(), {"/response/code"}).find("enhancedCode"),
              std::string::npos);
}

TEST(Request, HasNothingThatWasNotNegotiated)
{
    EXPECT_EQ(more(test::data_facts(), {"/server"}),
              R"({"server":{"name":"mx1.example.net","ip":"198.51.100.7","port":25}})");
    EXPECT_EQ(
        more(test::delivery_facts(), {"/client", "/tls", "/auth", "/senderAuth", "/response"}),
        "{}");
    EXPECT_EQ(more(test::data_facts(), {"/ext/org.example.x", "/nothing", "/server2"}), "{}");
}

TEST(Request, HasTheBranchesThatWereNegotiated)
{
    const auto facts = test::data_facts();
    EXPECT_EQ(more(facts, {"/client/ip"}), R"({"client":{"ip":"203.0.113.9"}})");
    EXPECT_EQ(more(facts, {"/envelope/from/address", "/server/port"}),
              R"({"server":{"port":25},"envelope":{"from":{"address":"ana@example.org"}}})");
    EXPECT_EQ(more(facts, {"/envelope/to/address"}),
              R"({"envelope":{"to":[{"address":"ben@example.net"}]}})");
    EXPECT_EQ(more(facts, {"/envelope/from/parameters/SIZE", "/envelope/from/parameters/RET"}),
              R"({"envelope":{"from":{"parameters":{"SIZE":"210"}}}})");
    EXPECT_EQ(more(facts, {"/auth/login"}), R"({"auth":null})");
    EXPECT_EQ(more(test::connect_facts(),
                   {"/envelope/from", "/tls/version", "/message/subject", "/queue/id"}),
              R"({"queue":null,"tls":null,"message":null})");
}

TEST(Request, HasTheMembersOfTheMessageThatWereNegotiated)
{
    const Message message("Subject: hello\n\nx\n");
    const auto facts = test::data_facts();
    EXPECT_EQ(more(facts, {"/message/subject"}, &message), R"({"message":{"subject":"hello"}})");
    EXPECT_EQ(more(facts, {"/message/size"}, &message), R"({"message":{"size":21}})");
    EXPECT_EQ(more(facts, {"/message/size", "/rawMessage"}, &message),
              R"({"message":{"size":21},"rawMessage":"U3ViamVjdDogaGVsbG8NCg0KeA0K"})");
}

const std::string with_attachment = "Subject: hello\nX-A: =?utf-8?q?=C3=BC?=\nMIME-Version: 1.0\n"
                                    "Content-Type: application/x-octets\n"
                                    "Content-Transfer-Encoding: base64\n\nAP+A\n";

TEST(Request, HasHeaderFieldsByNameWhereTheyWereNegotiated)
{
    const Message message(with_attachment);
    const auto facts = test::data_facts();
    EXPECT_EQ(more(facts, {"/message/header:X-A:asText"}, &message),
              "{\"message\":{\"header:X-A:asText\":\"\xC3\xBC\"}}");
    const auto members = [&](const std::vector<std::string>& properties) {
        const auto value = boost::json::parse(more(facts, properties, &message));
        return value.at("message").as_object();
    };
    EXPECT_FALSE(members({"/message"}).contains("header:X-A:asText"));
    const auto both = members({"/message", "/message/header:X-A:asText"});
    EXPECT_TRUE(both.contains("header:X-A:asText"));
    EXPECT_TRUE(both.contains("subject"));
}

TEST(Request, FiltersTheElementsOfListsInTheMessage)
{
    const Message message("Subject: hello\nFrom: ana@example.org\n\nx\n");
    EXPECT_EQ(more(test::data_facts(), {"/message/headers/name", "/message/from/email"}, &message),
              R"({"message":{"from":[{"email":"ana@example.org"}],)"
              R"("headers":[{"name":"Subject"},{"name":"From"}]}})");
}

TEST(Request, HasBlobsAsByteStringsInCbor)
{
    const Message message(with_attachment);
    const auto wanted = list({"/message/attachments/blob"});
    EXPECT_EQ(more(test::data_facts(), {"/message/attachments/blob"}, &message),
              R"({"message":{"attachments":[{"blob":"AP+A"}]}})");
    const auto bytes = read(RequestBody(cbor, test::data_facts(), &message, wanted));
    EXPECT_TRUE(bytes.ends_with(grapnel::test::octets("64 626c6f62 43 00ff80")))
        << grapnel::hexadecimal(bytes);
}

TEST(Request, KnowsWhetherItCarriesTheMessage)
{
    EXPECT_TRUE(carries_message(list({"/envelope", "/rawMessage"})));
    EXPECT_TRUE(carries_message(list({"/message/headers"})));
    EXPECT_TRUE(carries_message(list({""})));
    EXPECT_FALSE(carries_message(list({"/envelope", "/queue", "/rawMessages"})));
    EXPECT_FALSE(carries_message({}));
}

TEST(Request, HasTheNullReversePathAsNull)
{
    auto facts = test::data_facts();
    facts.envelope->from = {};
    facts.envelope->to.clear();
    EXPECT_EQ(more(facts, {"/envelope"}),
              R"({"envelope":{"from":{"address":null,"parameters":{}},"to":[]}})");
}

TEST(Request, IsUtf8WhateverAClientSaid)
{
    auto facts = test::connect_facts();
    facts.client->ehlo = "gr\xFC\xDF";
    EXPECT_EQ(more(facts, {"/client/ehlo"}),
              "{\"client\":{\"ehlo\":\"gr\xEF\xBF\xBD\xEF\xBF\xBD\"}}");
}

TEST(Request, CarriesTheMessageOctetForOctet)
{
    const auto facts = test::data_facts();
    for (const std::size_t size : std::initializer_list<std::size_t>{
             0, 1, 2, 3, 4, 1000, 4001, 49151, 49152, 49153, 98303, 98304, 98305, 200000}) {
        std::string text = "A: b\n\n";
        while (text.size() < size) text += static_cast<char>(text.size() * 7 % 251 + 1);
        text.resize(size);
        std::string crlf;
        for (const char c : text) crlf += c == '\n' ? "\r\n" : std::string(1, c);

        const Message message(text);
        const RequestBody as_text(json, facts, &message, list({"/rawMessage"}));
        const auto in_json = boost::json::parse(read(as_text));
        EXPECT_EQ(decode_base64(in_json.at("rawMessage").as_string()), crlf) << size;

        const RequestBody as_bytes(cbor, facts, &message, list({"/rawMessage"}));
        EXPECT_TRUE(read(as_bytes).ends_with(crlf)) << size;
        EXPECT_EQ(decode(cbor, read(as_bytes)).value(), in_json) << size;
    }
}

TEST(Request, IsTheSameEachTimeAndInPiecesOfAnySize)
{
    const Message message("A: b\n\n" + std::string(100'000, 'x'));
    for (const auto serialization : {json, cbor}) {
        const RequestBody body(serialization, test::data_facts(), &message,
                               all_properties(Direction::inbound));
        const auto whole = read(body, 1 << 20);
        for (const std::size_t room :
             std::initializer_list<std::size_t>{1, 2, 3, 7, 4096, 49152, 65536})
            EXPECT_EQ(read(body, room), whole) << room;
    }
}

TEST(Request, KeepsTheMessageItWasMadeOf)
{
    auto message = std::make_unique<Message>("A: b\n\nx\n");
    const RequestBody body(json, test::data_facts(), message.get(), list({"/rawMessage"}));
    message.reset();
    EXPECT_NE(read(body).find("\"rawMessage\":\"QTogYg0KDQp4DQo=\"}"), std::string::npos);
}

TEST(SmallDocument, HasEverythingButTheMessage)
{
    EXPECT_THAT(names(boost::json::serialize(small_document(test::data_facts()))),
                ElementsAre("stage", "action", "timestamp", "protocol", "response", "queue",
                            "server", "client", "tls", "auth", "senderAuth", "envelope"));
    EXPECT_THAT(
        names(boost::json::serialize(small_document(test::delivery_facts()))),
        ElementsAre("stage", "action", "timestamp", "protocol", "queue", "server", "envelope"));
}

}
}
