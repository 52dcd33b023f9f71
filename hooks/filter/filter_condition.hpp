// The conditions that filters know (mta-hooks section 16): one table. Pure.
#pragma once

#include "hooks/facts.hpp"
#include "hooks/message/message.hpp"

#include <boost/json/value.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

// The event that is looked at. Texts are folded (text_match), and made once however many conditions
// ask for them.
class FilterSubject {
public:
    // message: nullptr where the stage has none.
    FilterSubject(const Facts& facts, const Message* message) : facts_(facts), message_(message) {}

    Stage stage() const { return facts_.stage; }
    const Facts& facts() const { return facts_; }
    const Message* message() const { return message_; }
    const std::vector<std::string>& fields(std::string_view name);
    const std::vector<std::string>& body();
    // Of one of from, to, cc, bcc: the last field of that name.
    const std::vector<std::string>& addresses(std::string_view name);

private:
    const Facts& facts_;
    const Message* message_;
    std::map<std::string, std::vector<std::string>, std::less<>> fields_, addresses_;
    std::optional<std::vector<std::string>> body_;
};

struct FilterCondition {
    std::string_view name;
    Stages stages;                                   // where it counts
    bool (*fits)(const boost::json::value& value);   // of the right type
    bool (*holds)(const boost::json::value& value, FilterSubject& subject);
};

const FilterCondition*
filter_condition(std::string_view name);   // nullptr: not known, or forbidden

}
