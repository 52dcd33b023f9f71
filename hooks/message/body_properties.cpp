#include "hooks/message/body_properties.hpp"

#include "hooks/message/body_lists.hpp"
#include "hooks/message/part_text.hpp"
#include "hooks/message/preview.hpp"
#include "hooks/values/base64.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace grapnel::hooks {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 7> members{"bodyStructure", "attachments", "textBody",
                                                  "htmlBody",      "bodyValues",  "hasAttachment",
                                                  "preview"};

json::value text_or_null(const std::optional<std::string>& text)
{
    return text ? json::value(*text) : json::value();
}

class Writer {
public:
    explicit Writer(const Structure& structure) : structure_(structure) {}

    json::object tree(std::size_t index)
    {
        const auto& part = structure_.parts[index];
        auto object = leaf_or_multipart(index);
        if (!part.is_multipart) return object;
        json::array children;
        children.reserve(part.children.size());
        for (const auto child : part.children) children.push_back(tree(child));
        object["subParts"] = std::move(children);
        return object;
    }

    json::array list(const std::vector<std::size_t>& indexes)
    {
        json::array array;
        array.reserve(indexes.size());
        for (const auto index : indexes) array.push_back(leaf_or_multipart(index));
        return array;
    }

    json::object values()
    {
        json::object object;
        for (std::size_t index = 0; index < structure_.parts.size(); ++index) {
            const auto& part = structure_.parts[index];
            if (part.is_multipart || !part.fields.is_text()) continue;
            auto text = part_text(structure_, part);
            problems_[index] = text.problem;
            object[part.id] = {{"value", std::move(text.value)},
                               {"isEncodingProblem", text.problem},
                               {"isTruncated", false}};
        }
        return object;
    }

private:
    json::object leaf_or_multipart(std::size_t index)
    {
        const auto& part = structure_.parts[index];
        const auto& fields = part.fields;
        json::object object;
        object["partId"] = part.is_multipart ? json::value() : json::value(part.id);
        if (part.is_multipart)
            object["size"] = structure_.multipart_size(index);
        else
            add_content(index, object);
        object["name"] = text_or_null(fields.name);
        object["type"] = fields.type;
        object["charset"] = text_or_null(fields.charset);
        object["disposition"] = text_or_null(fields.disposition);
        object["cid"] = text_or_null(fields.cid);
        object["language"] = nullptr;
        if (fields.language)
            object["language"] = json::array(fields.language->begin(), fields.language->end());
        object["location"] = text_or_null(fields.location);
        return object;
    }

    void add_content(std::size_t index, json::object& object)
    {
        const auto& part = structure_.parts[index];
        if (is_shown_as_value(index) || given_.count(index) > 0) {
            object["size"] = part_size(structure_, part);
            return;
        }
        const auto octets = part_octets(structure_, part);
        object["size"] = octets.bytes.size();
        object["blob"] = base64(octets.bytes);
        given_.insert(index);
    }

    bool is_shown_as_value(std::size_t index)
    {
        const auto& part = structure_.parts[index];
        if (!part.fields.is_text()) return false;
        const auto known = problems_.find(index);
        if (known != problems_.end()) return !known->second;
        return !(problems_[index] = part_text(structure_, part).problem);
    }

    const Structure& structure_;
    std::map<std::size_t, bool> problems_;   // of text parts that have been decoded
    std::set<std::size_t> given_;            // their content is in what was written
};

}

bool is_body_property(std::string_view member)
{
    return std::find(members.begin(), members.end(), member) != members.end();
}

void add_body_properties(const Structure& structure,
                         const std::function<bool(std::string_view member)>& wanted,
                         json::object& to)
{
    Writer writer(structure);
    if (wanted("bodyValues")) to["bodyValues"] = writer.values();
    if (wanted("bodyStructure")) to["bodyStructure"] = writer.tree(0);
    if (wanted("attachments") || wanted("textBody") || wanted("htmlBody")) {
        const auto lists = body_lists(structure);
        if (wanted("attachments")) to["attachments"] = writer.list(lists.attachments);
        if (wanted("textBody")) to["textBody"] = writer.list(lists.text);
        if (wanted("htmlBody")) to["htmlBody"] = writer.list(lists.html);
    }
    if (wanted("hasAttachment")) to["hasAttachment"] = has_attachment(structure);
    if (wanted("preview")) to["preview"] = preview(structure);
}

}
