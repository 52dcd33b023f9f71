// ETRN (RFC 1985): a host that has come up has qmail-send try the mail for it now.
#include "smtpd/session.hpp"

#include "base/net/attended.hpp"
#include "queue/hasten_call.hpp"
#include "smtpd/etrn_hosts.hpp"
#include "smtpd/log.hpp"

#include <utility>

namespace grapnel::smtpd {

using net::asio::awaitable;
using State = queue::HastenAnswer::State;

namespace {

awaitable<void> call(std::string path, queue::HastenRequest request, queue::HastenAnswer& answer)
{
    const auto said = co_await queue::hasten(std::move(path), std::move(request));
    answer = said;
}

std::string node(const queue::HastenRequest& request) { return "node " + request.name(); }

Answer reply_for(const queue::HastenRequest& request, const queue::HastenAnswer& answer)
{
    const auto count = answer.messages;
    const auto of_node = " for " + node(request);
    if (answer.state == State::later)
        return Answer(458, "4.3.0", "unable to queue messages" + of_node + " now (#4.3.0)");
    if (answer.state == State::done && count == 0)
        return Answer(251, "2.0.0", "ok, no messages waiting" + of_node);
    if (answer.state == State::done)
        return Answer(253, "2.0.0",
                      "ok, " + std::to_string(count) + " pending messages" + of_node + " started");
    if (count > 0) return Answer(252, "2.0.0", "ok, pending messages" + of_node + " started");
    return Answer(250, "2.0.0", "ok, queuing" + of_node + " started");
}

Answer not_allowed(const std::string& name, const char* reason)
{
    return Answer(459, "4.7.1", "node " + name + " not allowed: " + reason + " (#4.7.1)");
}

}

// Some domain's: then it is offered.
bool Session::may_hasten() const
{
    const auto& peer = around_.peer;
    const auto& hosts = config().etrn_hosts;
    return hosts ? hosts->allows_anything({peer.address, auth_.user, peer.may_relay()})
                 : peer.may_relay();
}

bool Session::may_hasten(const queue::HastenRequest& request) const
{
    const auto& peer = around_.peer;
    const auto& hosts = config().etrn_hosts;
    return hosts ? hosts->allows({peer.address, auth_.user, peer.may_relay()}, request)
                 : peer.may_relay();
}

Answer Session::etrn(std::string_view argument)
{
    if (classic() || !offered_.has(Extension::etrn)) return obsolete(argument);
    if (step_ == Step::connected && !lax_[Lax::nohelo])
        return Answer(503, "5.5.1", "EHLO first (#5.5.1)");
    if (step_ > Step::greeted) return Answer(503, "5.5.1", "not within a message (#5.5.1)");
    const bool is_queue = argument.starts_with('#');
    auto request = parse_node(argument.substr(is_queue ? 1 : 0));
    if (!request)
        return Answer(501, "5.5.4", "ETRN takes the name of a domain, or @ and that (#5.5.4)");
    if (is_queue) return not_allowed('#' + request->domain, "no queue here has a name");
    if (!may_hasten(*request))
        return not_allowed(request->name(), "it is not yours").because("etrnhosts");
    hastened_ = std::move(request);
    return Answer(250, "2.0.0", "ok");   // hasten() says what came of it
}

awaitable<Answer> Session::hasten()
{
    const auto request = *std::exchange(hastened_, std::nullopt);
    co_await flush();
    queue::HastenAnswer said;
    asking_ = true;
    auto work = call(around_.hasten_at, request, said);
    co_await net::attended(stream_, std::move(work));
    asking_ = false;
    set_deadline();
    Answer answer = reply_for(request, said);
    log::hastened(around_.name, around_.peer, request.name(), answer);
    co_return answer;
}

}
