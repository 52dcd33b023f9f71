#include "hooks/hooks_table.hpp"

#include "base/sys/log.hpp"
#include "hooks/values/base64.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <string_view>

namespace grapnel::hooks {

namespace json = boost::json;

namespace {

constexpr std::size_t longest_value = 2000;

// A member as text; "" where it is not there.
std::string member(const json::value& value, std::string_view key)
{
    if (!value.is_object()) return {};
    const auto* found = value.get_object().if_contains(json::string_view(key.data(), key.size()));
    if (!found || found->is_null()) return {};
    if (found->is_string())
        return printable({found->get_string().data(), found->get_string().size()}, longest_value);
    return json::serialize(*found);
}

const json::array& elements(const json::value& value, std::string_view key)
{
    static const json::array none;
    if (!value.is_object()) return none;
    const auto* found = value.get_object().if_contains(json::string_view(key.data(), key.size()));
    return found && found->is_array() ? found->get_array() : none;
}

const json::value& object(const json::value& value, std::string_view key)
{
    static const json::value none;
    if (!value.is_object()) return none;
    const auto* found = value.get_object().if_contains(json::string_view(key.data(), key.size()));
    return found ? *found : none;
}

std::string labelled(std::string_view label, const std::string& text)
{
    return text.empty() ? "" : "  " + std::string(label) + ": " + text + '\n';
}

std::string padded(std::string text, std::size_t width)
{
    if (text.size() < width) text.insert(0, width - text.size(), ' ');
    return text + ' ';
}

std::string stage_row(const json::value& stage)
{
    const auto& endings = object(stage, "endings");
    std::string name = member(stage, "stage");
    name.resize(std::max<std::size_t>(name.size(), 9), ' ');
    std::string row = "  " + name;
    row += padded(member(stage, "calls"), 8);
    for (const auto* ending :
         {"answered", "nochange", "failure", "breaker", "malformed", "downgrade", "oversize"})
        row += padded(member(endings, ending), 9);
    return row + padded(member(stage, "average-ms"), 7) + padded(member(stage, "longest-ms"), 7) +
           '\n';
}

// A body, a line for each of its lines.
std::string body_text(std::string_view title, const json::value& body)
{
    std::string text = std::string(title) + " (" + member(body, "as") + "):\n";
    const auto* words = body.is_object() ? body.get_object().if_contains("text") : nullptr;
    if (words && words->is_string())
        return text + "    " +
               printable({words->get_string().data(), words->get_string().size()}, 1u << 20) + '\n';
    return text + "    base64 " + member(body, "base64") + '\n';
}

std::string response_text(const Response& response)
{
    return std::to_string(response.code) + ' ' +
           (response.enhanced ? *response.enhanced + ' ' : std::string()) + response.message;
}

}

std::string status_table(const json::value& report)
{
    std::string text;
    for (const auto& scanner : elements(report, "scanners")) {
        const auto& registration = object(scanner, "registration");
        text += member(scanner, "name") + "  " + member(scanner, "url") + '\n';
        for (const auto& error : elements(scanner, "errors"))
            if (error.is_string())
                text += labelled("left out",
                                 printable({error.get_string().data(), error.get_string().size()}));
        text += labelled("registration", member(registration, "state"));
        text += labelled("id", member(registration, "id"));
        text += labelled("expires", member(registration, "expires"));
        text += labelled("trouble", member(registration, "trouble"));
        text += labelled("the scanner says", member(registration, "scanner-says"));
        text += labelled("its health", member(registration, "health"));
        text += labelled("breaker", member(registration, "breaker"));
        text += labelled("calls in flight", member(registration, "in-flight"));
        text += labelled("calls waiting", member(registration, "waiting"));
        text += "  stage       calls  answered  nochange   failure   breaker malformed downgrade"
                "  oversize  avg-ms  max-ms\n";
        for (const auto& stage : elements(scanner, "stages")) text += stage_row(stage);
    }
    return text.empty() ? "no scanner\n" : text;
}

std::string call_text(const json::value& report)
{
    if (member(report, "scanner").empty()) return "the scanner was not called at this stage\n";
    std::string text = member(report, "scanner") + " at " + member(report, "stage") + ", " +
                       member(report, "milliseconds") + " ms\n";
    text += labelled("registration", member(report, "registration"));
    text += labelled("request id", member(report, "request-id"));
    text += labelled("status", member(report, "status"));
    text += labelled("trouble", member(report, "trouble"));
    return text + body_text("request", object(report, "request")) +
           body_text("answer", object(report, "answer"));
}

std::string decision_text(const Decision& decision)
{
    std::string text = "action: " + std::string(name(decision.action)) + '\n';
    if (decision.response) text += "reply: " + printable(response_text(*decision.response)) + '\n';
    if (decision.from) text += "sender: <" + printable(decision.from->address) + ">\n";
    if (decision.to)
        for (const auto& recipient : *decision.to)
            text += "recipient: <" + printable(recipient.address) + ">\n";
    for (const auto& change : decision.recipients) {
        text += "recipient " + std::to_string(change.index);
        if (change.status) text += ' ' + std::string(name(*change.status));
        text += '\n';
    }
    if (decision.suppressed) text += "suppressed\n";
    if (decision.message) text += "message: " + std::to_string(decision.size) + " octets\n";
    return text;
}

json::object decision_object(const Decision& decision, std::string_view message)
{
    json::object result{{"action", std::string(name(decision.action))},
                        {"response", nullptr},
                        {"from", nullptr},
                        {"to", nullptr},
                        {"recipients", json::array()},
                        {"suppressed", decision.suppressed},
                        {"message", nullptr}};
    if (decision.response) result["response"] = response_text(*decision.response);
    if (decision.from) result["from"] = decision.from->address;
    if (decision.to) {
        auto& to = result["to"].emplace_array();
        for (const auto& recipient : *decision.to) to.emplace_back(recipient.address);
    }
    for (const auto& change : decision.recipients) {
        json::object one{{"index", change.index}};
        if (change.status) one["status"] = std::string(name(*change.status));
        if (change.next_attempt_at) one["nextAttemptAt"] = *change.next_attempt_at;
        if (change.next_dsn_at) one["nextDsnAt"] = *change.next_dsn_at;
        result["recipients"].as_array().push_back(std::move(one));
    }
    if (decision.message) result["message"] = base64(message);
    return result;
}

}
