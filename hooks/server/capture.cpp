#include "hooks/server/capture.hpp"

#include "base/sys/file.hpp"
#include "hooks/codec/serialization.hpp"
#include "hooks/server/call_report.hpp"
#include "hooks/values/base64.hpp"
#include "hooks/values/utc_date.hpp"
#include "hooks/wire/wire.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fcntl.h>

#include <algorithm>
#include <system_error>
#include <utility>
#include <variant>

namespace grapnel::hooks {

namespace json = boost::json;

namespace {

constexpr std::size_t most_captures = 100;
constexpr std::size_t longest_file = 64u << 20;
constexpr std::size_t head_size = 4;   // of a frame

std::optional<std::string> text_in(const json::object& object, std::string_view key)
{
    const auto* value = object.if_contains(json::string_view(key.data(), key.size()));
    if (!value || !value->is_string()) return std::nullopt;
    return std::string(value->get_string().data(), value->get_string().size());
}

std::optional<std::string> octets_in(const json::object& object, std::string_view key)
{
    const auto text = text_in(object, key);
    return text ? decode_base64(*text) : std::nullopt;
}

std::string bytes_of_body(const json::object& object, std::string_view key)
{
    const auto* value = object.if_contains(json::string_view(key.data(), key.size()));
    if (!value || !value->is_object()) return {};
    if (auto text = text_in(value->get_object(), "text")) return *text;
    return octets_in(value->get_object(), "base64").value_or("");
}

}

std::string encode(const Capture& capture)
{
    const auto& outcome = capture.call.outcome;
    const auto frame = wire::encode(wire::Request{capture.facts, capture.with_message, {}});
    json::object result{
        {"scanner", capture.call.scanner},
        {"stage", std::string(name(capture.call.stage))},
        {"request-id", outcome.request_id},
        {"status", outcome.status},
        {"trouble", outcome.why},
        {"milliseconds", outcome.took.count()},
        {"request", describe_body(capture.call.serialization, capture.call.request)},
        {"answer", describe_body(capture.call.serialization, outcome.answer)},
        {"facts", base64(std::string_view(frame).substr(head_size))}};
    if (capture.with_message) result["message"] = base64(capture.message);
    return json::serialize(result) + '\n';
}

Result<Capture> decode_capture(std::string_view text)
{
    const auto value = decode(Serialization::json, text);
    if (!value || !value->is_object()) return permanent("this is no capture");
    const auto& object = value->get_object();
    const auto frame = octets_in(object, "facts");
    auto saying = frame ? wire::decode(*frame) : Result<wire::Saying>(permanent("no facts"));
    if (!saying || !std::holds_alternative<wire::Request>(*saying))
        return permanent("the facts of this capture make no sense");
    Capture capture;
    capture.facts = std::get<wire::Request>(*saying).facts;
    capture.with_message = std::get<wire::Request>(*saying).with_message;
    auto message = octets_in(object, "message");
    if (message.has_value() != capture.with_message)
        return permanent(message ? "a message that this call did not have"
                                 : "the message of this capture is missing");
    capture.message = std::move(message).value_or("");
    capture.call.scanner = text_in(object, "scanner").value_or("");
    capture.call.stage = capture.facts.stage;
    capture.call.request = bytes_of_body(object, "request");
    capture.call.outcome.answer = bytes_of_body(object, "answer");
    capture.call.outcome.why = text_in(object, "trouble").value_or("");
    return capture;
}

std::vector<std::string> captures(const std::string& directory)
{
    std::vector<std::string> names;
    if (status_if_there(directory)) names = list_directory(directory);
    std::sort(names.begin(), names.end());
    return names;
}

void keep(const std::string& directory, const Capture& capture)
{
    if (!status_if_there(directory)) make_directory(directory, 0700);
    auto names = captures(directory);
    for (std::size_t n = 0; n + most_captures <= names.size(); ++n)
        remove_file(directory + '/' + names[n]);
    const auto& outcome = capture.call.outcome;
    const std::string file = directory + '/' + utc_date(capture.facts.timestamp) + '-' +
                             std::string(name(capture.call.stage)) + '-' +
                             (outcome.request_id.empty() ? "none" : outcome.request_id);
    const Fd out = open_file(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    write_all(out.get(), encode(capture), file);
}

Result<Capture> read_capture(const std::string& path)
{
    try {
        return decode_capture(read_file(path, longest_file));
    } catch (const std::system_error& error) {
        return permanent(error.what());
    }
}

}
