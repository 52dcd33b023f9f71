#include "hooks/filter/filter.hpp"

#include "base/sys/log.hpp"
#include "base/text.hpp"
#include "hooks/codec/serialization.hpp"
#include "hooks/filter/filter_condition.hpp"
#include "hooks/values/typed_value.hpp"

namespace grapnel::hooks {

namespace {

namespace json = boost::json;

constexpr std::size_t deepest = 16, most_conditions = 256;

Result<> check_condition(const json::object& condition, std::size_t& left)
{
    for (const auto& member : condition) {
        const std::string name(member.key());
        const auto* const known = filter_condition(name);
        if (!known) return permanent("knows no condition " + printable(name, 100));
        if (!known->fits(member.value())) return permanent("has no such value of " + name);
        if (left-- == 0) return permanent("has more than 256 conditions");
    }
    return {};
}

Result<> check(const json::value& value, std::size_t depth, std::size_t& left)
{
    if (depth > deepest) return permanent("is deeper than 16");
    const auto* const object = value.if_object();
    if (!object) return permanent("has a condition that is no object");
    const auto* const word = object->if_contains("operator");
    if (!word) return check_condition(*object, left);
    const auto name = as_text(*word).value_or("");
    if (name != "AND" && name != "OR" && name != "NOT")
        return permanent("has an operator that is none of AND, OR, NOT");
    const auto* const conditions = object->if_contains("conditions");
    if (!conditions || !conditions->is_array() || object->size() != 2)
        return permanent("has an operator without a list of conditions, or with more");
    if (left-- == 0) return permanent("has more than 256 conditions");
    for (const auto& condition : conditions->get_array()) {
        const auto checked = check(condition, depth + 1, left);
        if (!checked) return checked;
    }
    return {};
}

// nullopt: nothing in it counts at that stage (C74).
std::optional<bool> evaluate(const json::value& value, FilterSubject& subject);

std::optional<bool> all_hold(const json::object& condition, FilterSubject& subject)
{
    if (condition.empty()) return true;
    std::optional<bool> result;
    for (const auto& member : condition) {
        const auto* const known = filter_condition(std::string_view(member.key()));
        if (!known || !known->stages.has(subject.stage())) continue;
        result = known->holds(member.value(), subject);
        if (!*result) return false;
    }
    return result;
}

std::optional<bool> evaluate(const json::value& value, FilterSubject& subject)
{
    const auto& object = value.get_object();
    const auto* const word = object.if_contains("operator");
    if (!word) return all_hold(object, subject);
    const auto name = as_text(*word).value_or("");
    const bool decides =
        name != "AND";   // one that holds decides OR and NOT, one that does not AND
    bool any = false;
    for (const auto& condition : object.at("conditions").get_array()) {
        const auto holds = evaluate(condition, subject);
        if (!holds) continue;
        if (*holds == decides) return name == "OR";
        any = true;
    }
    if (!any) return std::nullopt;
    return name != "OR";
}

}

Result<Filter> Filter::parse(std::string_view text)
{
    Filter filter;
    if (trim(text).empty()) return filter;
    auto tree = decode(Serialization::json, text);
    if (!tree) return permanent("is no JSON: " + tree.error().text);
    auto left = most_conditions;
    const auto checked = check(*tree, 1, left);
    if (!checked) return checked.error();
    filter.tree_ = std::move(*tree);
    return filter;
}

bool Filter::matches(const Facts& facts, const Message* message) const
{
    if (tree_.is_null() || facts.stage == Stage::connect || facts.stage == Stage::ehlo) return true;
    FilterSubject subject(facts, message);
    return evaluate(tree_, subject).value_or(true);
}

}
