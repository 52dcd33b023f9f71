// Lists of names and "key:value" lines from control files, looked up without regard to ASCII case.
// Pure.
#pragma once

#include "base/text.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace grapnel {

class NameSet {
public:
    NameSet() = default;
    explicit NameSet(const std::vector<std::string>& names);
    bool contains(std::string_view name) const { return names_.contains(lower(name)); }
    bool empty() const { return names_.empty(); }

private:
    std::unordered_set<std::string, TextHash, std::equal_to<>> names_;
};

// "key:value" split at the first colon; lines without one are ignored; the last of equal keys wins.
class NameMap {
public:
    NameMap() = default;
    explicit NameMap(const std::vector<std::string>& lines);
    const std::string* find(std::string_view key) const;
    bool empty() const { return values_.empty(); }

private:
    std::unordered_map<std::string, std::string, TextHash, std::equal_to<>> values_;
};

// domain, then each ".suffix" of it from the left: the order in which qmail looks domains up.
// "a.b.c" gives "a.b.c", ".b.c", ".c". Views into domain.
std::vector<std::string_view> domain_and_suffixes(std::string_view domain);

}
