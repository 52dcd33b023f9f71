#include "hooks/edits/document.hpp"

#include <algorithm>
#include <span>

namespace grapnel::hooks {

namespace {

namespace json = boost::json;

using Tokens = std::span<const std::string>;

// copy can double a tree each time: what it copies is bounded as documents are.
constexpr std::size_t deepest = 64, most_values = 100'000;

Tokens below(const Pointer& pointer, std::size_t depth)
{
    const Tokens tokens(pointer.tokens());
    return tokens.subspan(std::min(depth, tokens.size()));
}

Result<json::value*> step(json::value& tree, const std::string& token)
{
    if (auto* const object = tree.if_object()) {
        auto* const member = object->if_contains(token);
        if (!member) return permanent("no such member");
        return member;
    }
    if (auto* const array = tree.if_array()) {
        const auto index = array_index(token);
        if (!index || *index >= array->size()) return permanent("no such element");
        return &(*array)[*index];
    }
    return permanent("the path goes through a scalar");
}

Result<json::value*> find(json::value& tree, Tokens path)
{
    auto* at = &tree;
    for (const auto& token : path) {
        const auto next = step(*at, token);
        if (!next) return next.error();
        at = *next;
    }
    return at;
}

Result<> set(json::value& tree, Tokens path, const json::value& value)
{
    if (path.empty()) {
        tree = value;
        return {};
    }
    const auto parent = find(tree, path.first(path.size() - 1));
    if (!parent) return parent.error();
    if (auto* const object = (*parent)->if_object()) {
        (*object)[path.back()] = value;
        return {};
    }
    const auto element = step(**parent, path.back());
    if (!element) return element.error();
    **element = value;
    return {};
}

Result<> insert(json::array& array, std::size_t position, const json::value& value)
{
    if (position > array.size()) return permanent("the index is behind the end");
    array.insert(array.begin() + static_cast<std::ptrdiff_t>(position), value);
    return {};
}

// The value at the end of the path, where an index says that it is to be an array.
Result<> add_to(json::value& target, const json::value& value, std::optional<std::uint64_t> index)
{
    auto* const array = target.if_array();
    if (!array) return permanent("an index, but no array");
    return insert(*array, index.value_or(array->size()), value);
}

Result<> add_to_object(json::object& object, const std::string& name, const json::value& value,
                       std::optional<std::uint64_t> index)
{
    auto* const member = object.if_contains(name);
    if (member && (index || member->is_array())) return add_to(*member, value, index);
    if (index) return permanent("an index, but no array");
    object[name] = value;
    return {};
}

Result<> add(json::value& tree, Tokens path, const json::value& value,
             std::optional<std::uint64_t> index)
{
    if (path.empty()) {
        if (index || tree.is_array()) return add_to(tree, value, index);
        tree = value;
        return {};
    }
    const auto parent = find(tree, path.first(path.size() - 1));
    if (!parent) return parent.error();
    if (auto* const object = (*parent)->if_object())
        return add_to_object(*object, path.back(), value, index);
    if (index) {
        const auto element = step(**parent, path.back());
        if (!element) return element.error();
        return add_to(**element, value, index);
    }
    auto* const array = (*parent)->if_array();
    if (!array) return permanent("the path goes through a scalar");
    if (path.back() == "-") return insert(*array, array->size(), value);
    const auto position = array_index(path.back());
    if (!position) return permanent("no such element");
    return insert(*array, *position, value);
}

Result<> remove(json::value& tree, Tokens path)
{
    if (path.empty()) return permanent("the whole cannot be deleted");
    const auto parent = find(tree, path.first(path.size() - 1));
    if (!parent) return parent.error();
    const auto target = step(**parent, path.back());
    if (!target) return target.error();
    if (auto* const object = (*parent)->if_object()) {
        object->erase(path.back());
        return {};
    }
    auto& array = (*parent)->get_array();
    array.erase(array.begin() + (*target - array.data()));
    return {};
}

// Whether a value is within the bounds of a document; depth is that of the place it comes to.
bool fits(const json::value& value, std::size_t depth, std::size_t& left)
{
    if (left == 0 || depth > deepest) return false;
    --left;
    if (const auto* const object = value.if_object())
        return std::all_of(object->begin(), object->end(), [&](const auto& member) {
            return fits(member.value(), depth + 1, left);
        });
    if (const auto* const array = value.if_array())
        return std::all_of(array->begin(), array->end(),
                           [&](const auto& element) { return fits(element, depth + 1, left); });
    return true;
}

Result<> move(json::value& tree, Tokens from, Tokens path)
{
    if (path.size() > from.size() && std::equal(from.begin(), from.end(), path.begin()))
        return permanent("nothing moves into itself");
    const auto source = find(tree, from);
    if (!source) return source.error();
    const json::value value = **source;
    if (auto left = most_values; !fits(value, path.size(), left)) return permanent("too deep");
    json::value changed = tree;   // the one edit of two steps
    if (const auto taken = remove(changed, from); !taken) return taken.error();
    if (const auto added = add(changed, path, value, std::nullopt); !added) return added.error();
    tree = std::move(changed);
    return {};
}

Result<> copy(json::value& tree, Tokens from, Tokens path)
{
    const auto source = find(tree, from);
    if (!source) return source.error();
    const json::value value = **source;
    auto left = most_values;
    if (!fits(tree, 0, left) || !fits(value, path.size(), left)) return permanent("too large");
    return add(tree, path, value, std::nullopt);
}

Result<> test(json::value& tree, Tokens path, const json::value& value)
{
    const auto target = find(tree, path);
    if (!target) return target.error();
    if (**target != value) return permanent("the test says no");
    return {};
}

}

Result<> apply(json::value& tree, const Operation& operation, std::size_t depth)
{
    const auto path = below(operation.path, depth);
    const auto from = operation.from ? below(*operation.from, depth) : Tokens();
    const bool needs_from =
        operation.kind == OperationKind::move || operation.kind == OperationKind::copy;
    if (needs_from && !operation.from) return permanent("no source");
    switch (operation.kind) {
    case OperationKind::set:
        return set(tree, path, operation.value);
    case OperationKind::add:
        return add(tree, path, operation.value, operation.index);
    case OperationKind::remove:
        return remove(tree, path);
    case OperationKind::move:
        return move(tree, from, path);
    case OperationKind::copy:
        return copy(tree, from, path);
    case OperationKind::test:
        return test(tree, path, operation.value);
    }
    return permanent("no such operation");
}

std::vector<FailedOperation> apply(json::value& tree, const std::vector<Operation>& operations,
                                   ApplyMode mode)
{
    std::vector<FailedOperation> failed;
    const json::value before = mode == ApplyMode::atomic ? tree : json::value();
    for (std::size_t n = 0; n < operations.size(); ++n) {
        const auto result = apply(tree, operations[n]);
        if (result) continue;
        failed.push_back({n, result.error().text});
        if (mode == ApplyMode::tolerant) continue;
        tree = before;
        break;
    }
    return failed;
}

}
