#include "hooks/envelope_records.hpp"

#include <algorithm>
#include <array>

namespace grapnel::hooks {

namespace {

struct Row {
    std::string_view keyword, record;
};
constexpr std::array rows{Row{"RET", "ret"}, Row{"ENVID", "envid"}, Row{"NOTIFY", "notify"},
                          Row{"ORCPT", "orcpt"}, Row{"RRVS", "rrvs"}};

}

void set_records(Extensions& records, const EsmtpParameters& parameters)
{
    for (const auto& row : rows) {
        const auto found = std::find_if(parameters.begin(), parameters.end(),
                                        [&](const auto& one) { return one.first == row.keyword; });
        const bool usable = found != parameters.end() && !found->second.empty() &&
                            found->second.size() <= longest_extension_value;
        if (usable)
            records.set(row.record, found->second);
        else
            records.erase(row.record);
    }
}

EsmtpParameters parameters_of(const Extensions& records)
{
    EsmtpParameters parameters;
    for (const auto& row : rows)
        if (const auto* value = records.find(row.record))
            parameters.emplace_back(row.keyword, *value);
    return parameters;
}

}
