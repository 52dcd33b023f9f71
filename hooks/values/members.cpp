#include "hooks/values/members.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace grapnel::hooks {

namespace {
constexpr std::size_t most_texts = 1000, longest_text = 1000;
}

Members::Members(const boost::json::value& value, std::string name)
    : object_(value.if_object()), name_(std::move(name))
{
    if (!object_) throw BadMember(name_.empty() ? "no object" : name_ + " is no object");
    if (!name_.empty()) name_ += '.';
}

const boost::json::value* Members::find(std::string_view member) const
{
    const auto* value = object_->if_contains({member.data(), member.size()});
    return value && !value->is_null() ? value : nullptr;
}

std::optional<std::string> Members::text_if_there(std::string_view member) const
{
    const auto* value = find(member);
    if (!value) return std::nullopt;
    const auto* text = value->if_string();
    if (!text) throw BadMember(called(member) + " is no string");
    return std::string(text->data(), text->size());
}

std::string Members::text(std::string_view member) const
{
    auto text = text_if_there(member);
    if (!text) throw BadMember(called(member) + " is missing");
    return std::move(*text);
}

std::optional<std::uint64_t> Members::number_if_there(std::string_view member) const
{
    const auto* value = find(member);
    if (!value) return std::nullopt;
    if (const auto* number = value->if_uint64()) return *number;
    const auto* number = value->if_int64();
    if (!number || *number < 0) throw BadMember(called(member) + " is no unsigned integer");
    return static_cast<std::uint64_t>(*number);
}

std::optional<std::vector<std::string>> Members::texts_if_there(std::string_view member) const
{
    const auto* value = find(member);
    if (!value) return std::nullopt;
    const auto* array = value->if_array();
    if (!array) throw BadMember(called(member) + " is no array");
    if (array->size() > most_texts) throw BadMember(called(member) + " is too long");
    std::vector<std::string> texts;
    for (const auto& element : *array) {
        const auto* text = element.if_string();
        if (!text || text->size() > longest_text)
            throw BadMember(called(member) + " has something that is no short string");
        texts.emplace_back(text->data(), text->size());
    }
    return texts;
}

std::vector<std::string> Members::texts(std::string_view member) const
{
    auto texts = texts_if_there(member);
    if (!texts) throw BadMember(called(member) + " is missing");
    return std::move(*texts);
}

std::optional<Members> Members::object_if_there(std::string_view member) const
{
    const auto* value = find(member);
    if (!value) return std::nullopt;
    return Members(*value, called(member));
}

Members Members::object(std::string_view member) const
{
    auto object = object_if_there(member);
    if (!object) throw BadMember(called(member) + " is missing");
    return std::move(*object);
}

}
