#include "hooks/edits/given_address.hpp"

#include "base/text.hpp"
#include "hooks/edits/document.hpp"
#include "hooks/values/typed_value.hpp"

#include <boost/json/object.hpp>

#include <algorithm>

namespace grapnel::hooks {

namespace {

namespace json = boost::json;

json::value tree_of(const std::string& address, const EsmtpParameters& parameters)
{
    json::object map;
    for (const auto& [keyword, value] : parameters) map[keyword] = value;
    json::object tree;
    tree["address"] = nullptr;
    if (!address.empty()) tree["address"] = address;
    tree["parameters"] = std::move(map);
    return tree;
}

bool is_keyword(std::string_view text)   // RFC 5321 4.1.2, esmtp-keyword
{
    return !text.empty() && text.size() <= 64 && text.front() != '-' &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

std::string upper(std::string text)
{
    for (auto& c : text)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    return text;
}

Result<EsmtpParameters> read_parameters(const json::value& value)
{
    const auto* const map = value.if_object();
    if (!map) return permanent("parameters that are no object");
    EsmtpParameters parameters;
    for (const auto& member : *map) {
        const std::string keyword(member.key());
        const auto text = as_text(member.value());
        if (!text || !is_keyword(keyword)) return permanent("no parameter");
        parameters.emplace_back(upper(keyword), *text);
    }
    auto sorted = parameters;
    std::sort(sorted.begin(), sorted.end());
    const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
    if (std::adjacent_find(sorted.begin(), sorted.end(), same) != sorted.end())
        return permanent("a parameter that is there twice");
    return parameters;
}

}

Result<GivenAddress> read_address(const json::value& value)
{
    const auto* const object = value.if_object();
    if (!object) return permanent("no address object");
    const auto* const address = object->if_contains("address");
    if (!address || !(address->is_null() || address->is_string())) return permanent("no address");
    GivenAddress given;
    if (const auto text = as_text(*address)) given.address = std::string(*text);
    const auto* const map = object->if_contains("parameters");
    if (!map || map->is_null()) return given;
    auto parameters = read_parameters(*map);
    if (!parameters) return parameters.error();
    given.parameters = std::move(*parameters);
    return given;
}

Result<GivenAddress> edit_address(const std::string& address, const EsmtpParameters& parameters,
                                  const Operation& operation, std::size_t depth)
{
    auto tree = tree_of(address, parameters);
    const auto applied = apply(tree, operation, depth);
    if (!applied) return applied.error();
    auto given = read_address(tree);
    if (!given || given->parameters) return given;
    const bool whole = operation.path.size() == depth;
    given->parameters = whole ? parameters : EsmtpParameters();
    return given;
}

}
