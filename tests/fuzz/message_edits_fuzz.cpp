// Edits of any message, any values (corpus): one that fails changes nothing; one that is done is
// seen alike by the message and by who reads what it has written; fields that it did not name stay.
#include "fuzz/require.hpp"
#include "hooks/message/header_fields.hpp"
#include "hooks/message/message.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

using namespace grapnel::hooks;
namespace json = boost::json;

namespace {

std::string text_of(const Message& message)
{
    Message::Reader reader(message);
    std::string text, room(4096, '\0');
    while (const auto n = reader.read(room.data(), room.size())) text.append(room, 0, n);
    require(text.size() == message.size());
    return text;
}

// Bytes decide what is done.
class Choices {
public:
    explicit Choices(std::string_view bytes) : bytes_(bytes) {}
    std::size_t below(std::size_t limit) { return bytes_.empty() ? 0 : take() % limit; }
    std::string text()
    {
        auto size = below(24);
        size = std::min(size, bytes_.size());
        const std::string taken(bytes_.substr(0, size));
        bytes_.remove_prefix(size);
        return taken;
    }
    bool done() const { return bytes_.empty(); }

private:
    std::size_t take()
    {
        const auto byte = static_cast<unsigned char>(bytes_.front());
        bytes_.remove_prefix(1);
        return byte;
    }
    std::string_view bytes_;
};

Operation make(Choices& choices, std::size_t fields)
{
    static const std::vector<std::string> members{"subject",   "from",       "sender", "replyTo",
                                                  "to",        "cc",         "bcc",    "messageId",
                                                  "inReplyTo", "references", "sentAt"};
    static const std::vector<std::string> parts{"1", "2", "1.1", "3"};
    Operation operation;
    operation.kind = choices.below(4) == 0   ? OperationKind::remove
                     : choices.below(2) == 0 ? OperationKind::add
                                             : OperationKind::set;
    const auto index = std::to_string(choices.below(fields + 1));
    std::string path;
    json::value value = json::string(choices.text());
    switch (choices.below(7)) {
    case 0:
        path = "/message/headers";
        operation.index = choices.below(fields + 2);
        value = {{"name", json::string("X-" + std::string(choices.text()))}, {"value", value}};
        break;
    case 1:
        path = "/message/headers/" + index;
        value = {{"name", json::string(choices.text())}, {"value", value}};
        break;
    case 2:
        path = "/message/headers/" + index + "/value";
        break;
    case 3:
        path = "/message/headers/" + index + "/name";
        break;
    case 4:
        path = "/message/" + members[choices.below(members.size())];
        if (choices.below(2) == 0) value = json::array{{{"name", value}, {"email", "a@b.example"}}};
        break;
    case 5:
        path = "/message/bodyValues/" + parts[choices.below(parts.size())] + "/value";
        break;
    default:
        path = "/rawMessage";
        operation.bytes = choices.text();
    }
    operation.path = *Pointer::parse(path);
    operation.value = std::move(value);
    return operation;
}

std::vector<std::string> fields_of(const Message& message)
{
    std::vector<std::string> fields;
    const auto headers = message.properties({*Pointer::parse("/headers")}).at("headers");
    for (const auto& field : headers.as_array()) fields.push_back(json::serialize(field));
    return fields;
}

// At most the named one differs, came or went.
void check_neighbours(const std::vector<std::string>& before, const std::vector<std::string>& after)
{
    std::size_t front = 0, back = 0;
    const auto least = std::min(before.size(), after.size());
    while (front < least && before[front] == after[front]) ++front;
    while (back < least - front &&
           before[before.size() - 1 - back] == after[after.size() - 1 - back])
        ++back;
    require(before.size() - front - back <= 1 && after.size() - front - back <= 1);
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size > 16 * 1024) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto cut = size > 0 ? std::min<std::size_t>(size, 1U + data[size - 1]) : 0;
    Choices choices(input.substr(size - cut));
    Message message{std::string(input.substr(0, size - cut))};
    const MessageRules rules{.smtputf8 = size % 2 == 0, .limit = size % 3 == 0 ? size : 1U << 20U};

    for (int n = 0; n < 8 && !choices.done(); ++n) {
        const auto fields = fields_of(message);
        const auto operation = make(choices, fields.size());
        const auto before = text_of(message);
        const auto properties = json::serialize(message.properties({Pointer()}));
        const bool done = message.apply(operation, rules).has_value();
        const auto after = text_of(message);
        if (!done) require(after == before);
        if (after == before) {
            require(json::serialize(message.properties({Pointer()})) == properties);
            continue;
        }
        require(message.changed());
        require(message.size() <= rules.limit || message.size() <= before.size());
        const bool one_field = operation.path.size() > 1 && operation.path[1] == "headers";
        if (one_field) check_neighbours(fields, fields_of(message));

        // Whoever reads what is written sees the same.
        std::string lines;
        for (std::size_t at = 0; at < after.size(); ++at)
            if (after[at] != '\r' || at + 1 == after.size() || after[at + 1] != '\n')
                lines += after[at];
        const Message again(lines);
        require(json::serialize(again.properties({Pointer()})) ==
                json::serialize(message.properties({Pointer()})));
    }
    return 0;
}
