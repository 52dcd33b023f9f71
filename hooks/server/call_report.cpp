#include "hooks/server/call_report.hpp"
#include "hooks/values/base64.hpp"

#include "base/sys/log.hpp"

#include <boost/json/serialize.hpp>

namespace grapnel::hooks {

namespace json = boost::json;

std::string to_text(const json::object& object) { return json::serialize(object); }

json::object describe_body(Serialization serialization, const std::string& bytes)
{
    json::object result{{"as", std::string(name(serialization))}};
    if (serialization == Serialization::json && decode(serialization, bytes))
        result["text"] = bytes;
    else
        result["base64"] = base64(bytes);
    return result;
}

std::string call_report(const RecordedCall& call)
{
    const auto& outcome = call.outcome;
    const json::object report{
        {"scanner", call.scanner},
        {"stage", std::string(name(call.stage))},
        {"registration", outcome.agreement ? printable(outcome.agreement->id) : std::string()},
        {"request-id", printable(outcome.request_id)},
        {"attempts", outcome.attempts},
        {"status", outcome.status},
        {"trouble", printable(outcome.why)},
        {"milliseconds", outcome.took.count()},
        {"request", describe_body(call.serialization, call.request)},
        {"answer", describe_body(call.serialization, outcome.answer)}};
    return to_text(report);
}

}
