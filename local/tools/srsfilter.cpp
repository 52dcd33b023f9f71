// Sends a bounce on to whom an SRS address leads. srsfilter(1).
#include "base/srs_control.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/program.hpp"
#include "local/tools/requeue.hpp"

#include <ctime>
#include <system_error>

using namespace grapnel;

namespace {

std::optional<Srs> settings()
{
    try {
        return read_srs(Control());
    } catch (const std::system_error& error) {
        throw Stop{111, std::string("fatal: ") + error.what()};
    }
}

// The extension as it was given: a .qmail-default of a user of its own, or of "srs" at alias.
std::string local_part(const Environment& environment)
{
    for (const auto* name : {"EXT", "EXT2", "EXT3", "DEFAULT"}) {
        const auto value = environment.get(name).value_or("");
        if (value.size() > 4 && (value.starts_with("SRS0") || value.starts_with("srs0") ||
                                 value.starts_with("SRS1") || value.starts_with("srs1")))
            return value;
    }
    throw Stop{100, "fatal: that is no SRS address (#5.1.1)"};
}

}

int main()
{
    return run("srsfilter", []() -> int {
        const auto environment = Environment::of_process();
        if (!environment.get("SENDER").value_or("").empty())
            throw Stop{100, "fatal: this address takes bounces only (#5.7.1)"};
        const auto srs = settings();
        if (!srs) throw Stop{111, "fatal: control/srs_domain is missing (#4.3.5)"};
        const auto address = srs_reverse(*srs, local_part(environment), std::time(nullptr));
        if (!address) throw Stop{100, "fatal: " + address.error().text};
        const auto qp = local::requeue_from(environment, "", {*address});
        throw Stop{0, "qp " + std::to_string(qp)};
    });
}
