// The header of a message: split into fields as the bytes arrive, with a bound; fields named,
// unfolded, found. Lines end in LF. RFC 5322 2.2. Pure; knows no field's meaning.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel {

// "Subject" of "Subject : x" (blanks before the colon are RFC 5322 4.5's old form). nullopt: no
// field.
std::optional<std::string_view> field_name(std::string_view line);
bool is_field(std::string_view field, std::string_view name);   // without regard to case
std::string_view field_value(std::string_view field);   // what follows the colon, folded as it is

// Line ends removed, blanks around trimmed.
std::string unfold(std::string_view value);
// "Name: value" on one line becomes lines of at most width octets where blanks allow it. No LF at
// the end.
std::string fold(std::string_view field, std::size_t width = 78);

// The first such field of a header held in memory, with its continuation lines; nullopt: there is
// none.
std::optional<std::string_view> find_field(std::string_view header, std::string_view name);

// Feed bytes; take one field after the other. The header ends at an empty line, at a line that is
// neither a field nor a continuation, or where the input ends.
class HeaderSplitter {
public:
    enum class Step { more, field, end, too_long };
    enum class FromLines { end_header, are_fields };   // "From joe Mon …" of mailbox files

    explicit HeaderSplitter(std::size_t limit, FromLines from_lines = FromLines::end_header)
        : limit_(limit), from_lines_(from_lines)
    {
    }

    // Consumes from the front of bytes. more: bytes is used up. end: bytes holds body only,
    // preceded by rest().
    Step take(std::string_view& bytes);
    // No more input: the last field, then end. A field cut off by the end of input lacks its LF.
    Step finish();

    const std::string& field() const { return field_; }   // as it stood, LFs included
    bool empty_line() const { return empty_line_; }       // the header ended at one; it is consumed
    const std::string& rest() const { return line_; }     // after end: body bytes taken already

private:
    void gather(std::string_view& bytes);
    Step judge_line();
    bool ends_header_early() const;

    std::size_t limit_, taken_ = 0;
    FromLines from_lines_;
    std::string collecting_, field_, line_;   // line_: the one being read
    bool line_is_whole_ = false, ended_ = false, empty_line_ = false;
};

}
