#include "hooks/values/projection.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace grapnel::hooks {

namespace json = boost::json;

Wanted::Wanted(const std::vector<Pointer>& pointers)
{
    for (const auto& pointer : pointers) add(pointer);
}

void Wanted::add(const Pointer& pointer)
{
    auto* at = this;
    for (const auto& token : pointer.tokens()) at = &at->members_[token];
    at->all_ = true;
}

Wanted Wanted::of(std::string_view name) const
{
    const auto found = members_.find(name);
    auto wanted = found == members_.end() ? Wanted() : found->second;
    wanted.all_ = wanted.all_ || all_;
    return wanted;
}

std::vector<Pointer> Wanted::members() const
{
    std::vector<Pointer> pointers;
    if (all_) pointers.push_back(Pointer());
    for (const auto& [name, wanted] : members_) pointers.push_back(Pointer::of({name}));
    return pointers;
}

std::optional<json::value> Wanted::take(json::value whole) const
{
    if (all_ || whole.is_null()) return whole;
    if (auto* object = whole.if_object()) {
        json::object part;
        for (auto& member : *object) {
            const auto wanted = members_.find(std::string_view(member.key()));
            if (wanted == members_.end()) continue;
            auto value = wanted->second.take(std::move(member.value()));
            if (value) part.emplace(member.key(), std::move(*value));
        }
        return part;
    }
    if (auto* array = whole.if_array()) {
        json::array parts;
        for (auto& item : *array) {
            if (!item.is_object()) continue;   // pointers do not go through indexes
            parts.push_back(take(std::move(item)).value());
        }
        return parts;
    }
    return std::nullopt;
}

}
