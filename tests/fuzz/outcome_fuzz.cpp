// bounce/N.dsn and the report made of it. Input: address, NUL, report of a spawner; and the same
// bytes as such a file. What was written is read again; in a report no octet of strangers ends a
// field, or a part.
#include "fuzz/require.hpp"
#include "send/dsn.hpp"

#include "base/text.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace grapnel;
using namespace grapnel::send;

namespace {

std::size_t count(std::string_view text, std::string_view what)
{
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1))
        ++found;
    return found;
}

void check_report(const Outcome& outcome, std::string_view xtext)
{
    MessageInfo info;
    info.sender = outcome.address + "@x.example";
    info.message.set("envid", xtext.substr(0, 100));
    info.message.set("helo", xtext.substr(0, 200));
    info.recipients[outcome.position].set("orcpt", xtext.substr(0, 500));
    ReportedMatter matter;
    matter.kind = outcome.action == Action::failed    ? ReportedMatter::Kind::failure
                  : outcome.action == Action::delayed ? ReportedMatter::Kind::delay
                                                      : ReportedMatter::Kind::success;
    matter.recipients = {outcome};
    matter.token = "1.2.3";
    const BounceNames names{.from = "MAILER-DAEMON",
                            .host = "h.example",
                            .double_to = "p@h.example",
                            .me = "h.example"};
    const auto notice = make_report(names, info, matter, ReportForm::dsn);
    const std::string_view middle = notice.middle;
    const auto fields = middle.substr(0, middle.find("\n--=_1.2.3"));
    require(count(middle, "\n--=_1.2.3") == 1);
    require(count(fields, "\nAction: ") == 1 && count(fields, "\nStatus: ") == 1);
    require(count(fields, "\n\n") == 2);   // behind the part's header; before the recipient
    for (const auto line : split(fields, '\n')) require(line.size() <= 998);
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::string_view file = bytes;
    require(torn_line(file) <= size);
    const auto read = read_outcomes(file);
    for (const auto& outcome : read.successes) check_report(outcome, file);

    const auto address = take_until(bytes, '\0').value_or("a@b.example");
    const auto action = static_cast<Action>(size % 5);
    const auto outcome =
        make_outcome({queue::Channel::remote, size}, action, shown_recipient(address),
                     action == Action::failed ? 'D' : 'K', bytes, 1795000000);
    const auto line = encode(outcome);
    require(line.find('\n') == line.size() - 1);
    const auto again = read_outcomes(line);
    const auto& list = action == Action::failed ? again.failures : again.successes;
    require(list.size() == 1);
    require(list[0].address == outcome.address && list[0].host == outcome.host &&
            list[0].action == outcome.action && list[0].status == outcome.status);
    require(read_outcomes(line.substr(0, line.size() - 1)).failures.empty());
    require(read_outcomes(line + told_line(line.size())).successes.empty());
    check_report(outcome, address);
    success_of(queue::Channel::local, bytes);
    return 0;
}
