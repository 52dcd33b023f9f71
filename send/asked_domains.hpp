// Domains whose hosts are said to be up again (ETRN), for five minutes: the same is not asked for
// again within ten seconds, and what was known of these hosts to be dead does not count. Pure: the
// time is given. At most 1,000; then the oldest is forgotten.
#pragma once

#include "queue/hasten_wire.hpp"
#include "send/schedule.hpp"

#include <map>
#include <string>
#include <string_view>

namespace grapnel::send {

class AskedDomains {
public:
    // False: it was asked for a moment ago.
    bool ask(const queue::HastenRequest& request, Due now);
    // address: of a recipient.
    bool is_expected(std::string_view address, Due now) const;
    // It is not up after all.
    void unreachable(std::string_view address);

private:
    struct Asked {
        queue::HastenRequest request;
        Due at = 0;
        bool is_up = true;
    };
    void make_room(Due now);

    std::map<std::string, Asked, std::less<>> names_;
};

// As the DNS has it, in lower case.
std::string domain_of(std::string_view address);

}
