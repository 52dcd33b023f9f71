#include "base/mail/name_table.hpp"

namespace grapnel {

NameSet::NameSet(const std::vector<std::string>& names)
{
    for (const auto& name : names) names_.insert(lower(name));
}

NameMap::NameMap(const std::vector<std::string>& lines)
{
    for (const auto& line : lines)
        if (const auto colon = line.find(':'); colon != std::string::npos)
            values_.insert_or_assign(lower(std::string_view(line).substr(0, colon)),
                                     line.substr(colon + 1));
}

const std::string* NameMap::find(std::string_view key) const
{
    const auto found = values_.find(lower(key));
    return found == values_.end() ? nullptr : &found->second;
}

std::vector<std::string_view> domain_and_suffixes(std::string_view domain)
{
    std::vector<std::string_view> names{domain};
    for (std::size_t i = 1; i < domain.size(); ++i)
        if (domain[i] == '.') names.push_back(domain.substr(i));
    return names;
}

}
