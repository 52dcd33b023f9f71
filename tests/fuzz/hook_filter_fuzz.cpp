// Filters: read within their bounds; what is read again is the same; operators keep their laws at
// every stage. The input is a filter as text, or octets of which one is made.
#include "fuzz/require.hpp"
#include "hooks/codec/serialization.hpp"
#include "hooks/filter/filter.hpp"

#include <boost/json/serialize.hpp>

#include <array>
#include <cstdint>
#include <cstdlib>

using namespace grapnel::hooks;

namespace {

constexpr std::array<const char*, 16> conditions{R"("envelopeFrom":"*@a.example")",
                                                 R"("envelopeFrom":"")",
                                                 R"("envelopeTo":"b@*")",
                                                 R"("envelopeTo":"**x")",
                                                 R"("from":"jane")",
                                                 R"("to":"*@b.example")",
                                                 R"("subject":"HELLO")",
                                                 R"("text":"x")",
                                                 R"("body":"text")",
                                                 R"("header":["X-A"])",
                                                 R"("header":["subject","hello"])",
                                                 R"("minSize":50)",
                                                 R"("maxSize":50)",
                                                 R"("hasAttachment":false)",
                                                 R"("cc":"")",
                                                 R"("bcc":"*")"};

std::string made_of(const std::uint8_t*& next, const std::uint8_t* end, int depth)
{
    if (next == end) return "{}";
    const auto octet = *next++;
    if (octet % 4 != 0 || depth > 17) return std::string("{") + conditions[octet / 4 % 16] + "}";
    constexpr std::array<const char*, 3> words{"AND", "OR", "NOT"};
    std::string list;
    for (int count = octet / 4 % 8; count > 0; --count)
        list += (list.empty() ? "" : ",") + made_of(next, end, depth + 1);
    return std::string(R"({"operator":")") + words[octet % 3] + R"(","conditions":[)" + list + "]}";
}

Facts facts_at(Stage stage)
{
    Facts facts;
    facts.stage = stage;
    if (stage < Stage::mail) return facts;
    facts.envelope = EnvelopeFacts{{"jane@a.example", {}}, {}};
    if (stage > Stage::mail) facts.envelope->to = {{"b@b.example", {}, {}}, {"x", {}, {}}};
    return facts;
}

bool matches(const Filter& filter, Stage stage)
{
    static const Message message(
        std::string("From: Jane <jane@a.example>\nTo: b@b.example\nSubject: hello\n\ntext\n"));
    return filter.matches(facts_at(stage), stage == Stage::data ? &message : nullptr);
}

Filter within(const char* word, const std::string& text)
{
    return Filter::parse(std::string(R"({"operator":")") + word + R"(","conditions":[)" + text +
                         "]}")
        .value();
}

void check(const std::string& text)
{
    const auto filter = Filter::parse(text);
    if (!filter || filter->json().is_null()) return;
    const auto again = Filter::parse(boost::json::serialize(filter->json()));
    require(again.has_value() && again->json() == filter->json());
    const auto whole =
        Filter::parse(R"({"operator":"NOT","conditions":[)" + text + "]}").has_value();
    for (const auto stage : all_stages) {
        const bool yes = matches(*filter, stage);
        if (!whole) continue;   // at a limit
        require(matches(within("AND", text), stage) == yes);
        require(matches(within("OR", text), stage) == yes);
        require(yes || matches(within("NOT", text), stage));
    }
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    check(std::string(reinterpret_cast<const char*>(data), size));
    const auto* next = data;
    check(made_of(next, data + size, 1));
    return 0;
}
