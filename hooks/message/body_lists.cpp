#include "hooks/message/body_lists.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <string_view>

namespace grapnel::hooks {

namespace {

bool is_media(std::string_view type)
{
    return type.starts_with("image/") || type.starts_with("audio/") || type.starts_with("video/");
}

// What a multipart means for what is in it. A list that is not wanted any more stays away for the
// parts that follow, too.
struct Place {
    std::string_view subtype;      // of the multipart: "alternative"
    bool in_alternative = false;   // of it, or of one around it
    bool text = true, html = true;
};

class Flattener {
public:
    explicit Flattener(const Structure& structure) : parts_(structure.parts) {}

    BodyLists flatten()
    {
        take({0}, {"mixed"});
        return std::move(lists_);
    }

private:
    void take(const std::vector<std::size_t>& children, Place place)
    {
        const auto text_before = lists_.text.size(), html_before = lists_.html.size();
        const bool both = place.text && place.html;
        for (std::size_t n = 0; n < children.size(); ++n) {
            const auto& part = parts_[children[n]];
            if (part.is_multipart)
                take_multipart(part, place);
            else if (is_inline(part, n == 0, place))
                take_inline(children[n], place);
            else
                lists_.attachments.push_back(children[n]);
        }
        if (place.subtype != "alternative" || !both) return;
        // Only one of the two is there: it stands for the other.
        const auto fill = [](std::vector<std::size_t>& list, const std::vector<std::size_t>& from,
                             std::size_t begin) {
            list.insert(list.end(), from.begin() + static_cast<std::ptrdiff_t>(begin), from.end());
        };
        const bool no_text = lists_.text.size() == text_before;
        const bool no_html = lists_.html.size() == html_before;
        if (no_text && !no_html) fill(lists_.text, lists_.html, html_before);
        if (no_html && !no_text) fill(lists_.html, lists_.text, text_before);
    }

    void take_multipart(const Part& part, const Place& place)
    {
        auto inside = place;
        inside.subtype =
            std::string_view(part.fields.type).substr(std::string_view("multipart/").size());
        inside.in_alternative = place.in_alternative || inside.subtype == "alternative";
        take(part.children, inside);
    }

    static bool is_inline(const Part& part, bool is_first, const Place& place)
    {
        const auto& fields = part.fields;
        const bool media = is_media(fields.type);
        if (fields.disposition == "attachment") return false;
        if (fields.type != "text/plain" && fields.type != "text/html" && !media) return false;
        return is_first || (place.subtype != "related" && (media || !fields.name));
    }

    void take_inline(std::size_t index, Place& place)
    {
        const std::string_view type = parts_[index].fields.type;
        if (place.subtype == "alternative") {
            auto& list = type == "text/plain"  ? lists_.text
                         : type == "text/html" ? lists_.html
                                               : lists_.attachments;
            const bool wanted =
                (&list != &lists_.text || place.text) && (&list != &lists_.html || place.html);
            if (wanted) list.push_back(index);
            return;
        }
        if (place.in_alternative && type == "text/plain") place.html = false;
        if (place.in_alternative && type == "text/html") place.text = false;
        if (place.text) lists_.text.push_back(index);
        if (place.html) lists_.html.push_back(index);
        if ((!place.text || !place.html) && is_media(type)) lists_.attachments.push_back(index);
    }

    const std::vector<Part>& parts_;
    BodyLists lists_;
};

}

BodyLists body_lists(const Structure& structure) { return Flattener(structure).flatten(); }

bool has_attachment(const Structure& structure)
{
    const auto lists = body_lists(structure);
    return std::any_of(lists.attachments.begin(), lists.attachments.end(), [&](std::size_t index) {
        return structure.parts[index].fields.disposition != "inline";
    });
}

}
