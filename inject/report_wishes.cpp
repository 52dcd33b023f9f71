#include "inject/report_wishes.hpp"

#include "base/text.hpp"

namespace grapnel::inject {

namespace {

bool is_upper_hex(char c) { return is_digit(c) || (c >= 'A' && c <= 'F'); }

}

bool is_notify(std::string_view value)
{
    if (equal_ignoring_case(value, "never")) return true;
    for (const auto word : split(value, ','))
        if (!equal_ignoring_case(word, "success") && !equal_ignoring_case(word, "failure") &&
            !equal_ignoring_case(word, "delay"))
            return false;
    return value.size() <= 28;   // each word once: RFC 3461 4.1
}

bool is_ret(std::string_view value)
{
    return equal_ignoring_case(value, "full") || equal_ignoring_case(value, "hdrs");
}

bool is_envelope_id(std::string_view value)
{
    if (value.empty() || value.size() > 100) return false;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] <= 32 || value[i] > 126 || value[i] == '=') return false;
        if (value[i] != '+') continue;
        if (i + 2 >= value.size() || !is_upper_hex(value[i + 1]) || !is_upper_hex(value[i + 2]))
            return false;
        i += 2;
    }
    return true;
}

}
