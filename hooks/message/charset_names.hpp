// What the charset names of mail mean to iconv. A list: nothing else is ever handed to it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

struct Charset {
    enum class Kind { ascii, utf8, other };
    Kind kind = Kind::other;
    std::string reading = {};   // iconv's name; mail often says so of a superset
    std::string writing = {};   // what others can read under that name
    bool keeps_ascii = true;    // ASCII octets mean ASCII in it
};
std::optional<Charset> charset_named(std::string_view name);   // without regard to case

std::vector<std::string> charsets_for_iconv();   // all of them

}
