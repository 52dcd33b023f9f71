#include "hooks/codec/value_builder.hpp"

#include "hooks/values/base64.hpp"
#include "hooks/values/utf8.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>

#include <cmath>

namespace grapnel::hooks {

namespace json = boost::json;

namespace {
// Beyond, numbers of other programs are not exact (RFC 8259 6).
constexpr std::int64_t most = (std::int64_t{1} << 53) - 1;
}

void ValueBuilder::fail(const char* why)
{
    if (problem_ == nullptr) problem_ = why;
}

void ValueBuilder::open(json::value container)
{
    if (open_.size() == most_depth) fail("nested too deep");
    if (++values_ > most_values) fail("too many values");
    if (!failed()) open_.push_back({std::move(container), {}});
}

void ValueBuilder::open_object() { open(json::object()); }
void ValueBuilder::open_array() { open(json::array()); }

void ValueBuilder::close()
{
    if (failed()) return;
    auto container = std::move(open_.back().container);
    open_.pop_back();
    --values_;   // counted when it was opened
    place(std::move(container));
}

void ValueBuilder::name(std::string_view name)
{
    if (failed()) return;
    if (!is_utf8(name)) return fail("invalid UTF-8 in a name");
    open_.back().name = name;
}

void ValueBuilder::place(json::value value)
{
    if (++values_ > most_values) fail("too many values");
    if (failed()) return;
    if (open_.empty()) {
        whole_ = std::move(value);
        return;
    }
    auto& [container, name] = open_.back();
    if (auto* array = container.if_array()) {
        array->push_back(std::move(value));
        return;
    }
    auto& object = container.get_object();
    if (!object.emplace(name, std::move(value)).second) return fail("a name stands twice");
    if (object.size() > most_names) fail("too many names in one object");
}

void ValueBuilder::text(std::string_view text)
{
    if (failed()) return;
    if (!is_utf8(text)) return fail("invalid UTF-8");
    place(json::string(text));
}

bool ValueBuilder::is_operation_value() const
{
    return operation_bytes_ != nullptr && open_.size() == 3 && open_[0].container.is_object() &&
           (open_[0].name == "set" || open_[0].name == "add") && open_[1].container.is_array() &&
           open_[2].container.is_object() && open_[2].name == "value";
}

void ValueBuilder::bytes(std::string_view bytes)
{
    if (failed()) return;
    if (!is_operation_value()) return place(json::string(base64(bytes)));
    operation_bytes_->insert_or_assign({open_[0].name, open_[1].container.get_array().size()},
                                       std::string(bytes));
    place(nullptr);
}

void ValueBuilder::integer(std::int64_t number)
{
    if (number < -most || number > most)
        place(static_cast<double>(number));
    else
        place(number);
}

void ValueBuilder::integer(std::uint64_t number)
{
    if (number > static_cast<std::uint64_t>(most))
        place(static_cast<double>(number));
    else
        place(static_cast<std::int64_t>(number));
}

void ValueBuilder::number(double number)
{
    if (!std::isfinite(number)) return fail("a number that is none");
    if (std::trunc(number) == number && std::abs(number) <= static_cast<double>(most))
        place(static_cast<std::int64_t>(number));
    else
        place(number);
}

Result<json::value> ValueBuilder::take()
{
    if (failed()) return permanent(problem_);
    return std::move(whole_);
}

}
