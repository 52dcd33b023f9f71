#include "hooks/message/preview.hpp"

#include "base/text.hpp"
#include "hooks/message/body_lists.hpp"
#include "hooks/message/part_text.hpp"

#include <algorithm>
#include <array>

namespace grapnel::hooks {

namespace {

constexpr std::size_t longest_preview = 256, looked_at = 64 * 1024;

struct Entity {
    std::string_view name, text;
};
constexpr std::array entities{Entity{"&amp;", "&"},   Entity{"&lt;", "<"},   Entity{"&gt;", ">"},
                              Entity{"&quot;", "\""}, Entity{"&apos;", "'"}, Entity{"&nbsp;", " "},
                              Entity{"&#39;", "'"},   Entity{"&#160;", " "}};

std::string_view take_entity(std::string_view& html)
{
    for (const auto& entity : entities)
        if (html.starts_with(entity.name)) {
            html.remove_prefix(entity.name.size());
            return entity.text;
        }
    html.remove_prefix(1);
    return "&";
}

void skip_past(std::string_view& html, std::string_view mark)
{
    const auto found = html.find(mark);
    html.remove_prefix(found == std::string_view::npos ? html.size() : found + mark.size());
}

// Past "</style" or "</script".
void skip_content_of(std::string_view& html, std::string_view element)
{
    while (!html.empty()) {
        skip_past(html, "</");
        if (!starts_with_ignoring_case(html, element)) continue;
        skip_past(html, ">");
        return;
    }
}

void skip_tag(std::string_view& html)
{
    if (html.starts_with("<!--")) return skip_past(html, "-->");
    const auto tag = html.substr(1);
    skip_past(html, ">");
    for (const std::string_view element : {"style", "script", "head"})
        if (starts_with_ignoring_case(tag, element)) skip_content_of(html, element);
}

// Runs of blanks become one; control characters vanish; cut between characters.
class Words {
public:
    bool full() const { return count_ >= longest_preview; }

    void add(std::string_view text)
    {
        for (const char c : text) {
            const auto octet = static_cast<unsigned char>(c);
            if (octet <= 32 || octet == 127) {
                blank_ = count_ > 0;
                continue;
            }
            const bool begins = (octet & 0xC0U) != 0x80;
            if (begins && blank_ && !full()) put(' ', true);
            if (begins && full()) return;
            put(c, begins);
        }
    }
    void add_blank() { blank_ = count_ > 0; }
    std::string take() { return std::string(trim_right(words_)); }

private:
    void put(char c, bool begins)
    {
        words_ += c;
        if (begins) ++count_;
        blank_ = false;
    }

    std::string words_;
    std::size_t count_ = 0;
    bool blank_ = false;
};

}

std::string text_of_html(std::string_view html)
{
    std::string text;
    while (!html.empty()) {
        const auto plain = html.substr(0, html.find_first_of("<&"));
        text += plain;
        html.remove_prefix(plain.size());
        if (html.starts_with('<')) {
            skip_tag(html);
            text += ' ';
        } else if (!html.empty()) {
            text += take_entity(html);
        }
    }
    return text;
}

std::string preview(const Structure& structure)
{
    Words words;
    for (const auto index : body_lists(structure).text) {
        const auto& part = structure.parts[index];
        if (words.full()) break;
        if (!part.fields.is_text()) continue;
        auto text = beginning_of_text(structure, part, looked_at).value;
        if (part.fields.type == "text/html") text = text_of_html(text);
        words.add_blank();
        words.add(text);
    }
    return words.take();
}

}
