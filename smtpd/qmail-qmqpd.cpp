// Takes one message by QMQP on descriptors 0 and 1, from hosts that may relay. qmail-qmqpd(8).
#include "base/mail/netstring.hpp"
#include "base/net/loop.hpp"
#include "base/net/stream.hpp"
#include "base/net/within.hpp"
#include "base/sys/account.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "base/sys/signal.hpp"
#include "queue/async_submission.hpp"
#include "queue/submission_helper.hpp"
#include "smtpd/peer.hpp"
#include "smtpd/qmqp_reader.hpp"
#include "smtpd/received.hpp"

#include <unistd.h>

#include <csignal>
#include <ctime>
#include <optional>
#include <utility>

using namespace grapnel;
using namespace grapnel::smtpd;

namespace {

namespace asio = net::asio;

// How it ends, in exit codes.
constexpr int protocol_error = 100, trouble = 111, client_left = 0;
constexpr std::chrono::seconds all_of_it{3600};
constexpr std::size_t most_recipients = 1'000'000, most_address_bytes = std::size_t{64} << 20;

class Session {
public:
    Session(net::Stream& client, int helper, Peer peer)
        : client_(client), helper_(helper), peer_(std::move(peer))
    {
    }

    asio::awaitable<void> run()
    {
        client_.expires_after(all_of_it);
        while (!complete_) {
            const bool more = co_await client_.fill();
            if (!more) throw Stop{client_left};
            const std::string bytes(client_.buffered());
            client_.consume(bytes.size());
            co_await take(bytes);
        }
        std::string reply = encode_netstring("Dsorry, too many recipients (#5.5.3)");
        if (!addresses_are_good_)
            reply = encode_netstring("Dsorry, I can't accept addresses like that (#5.1.3)");
        else if (!too_many_)
            reply = co_await finish();
        submission_.reset();   // where it was not finished: it must not be queued
        co_await client_.write(reply);
    }

private:
    using Step = QmqpReader::Step;

    asio::awaitable<void> take(std::string_view bytes)
    {
        for (auto step = reader_.take(bytes); step != Step::more; step = reader_.take(bytes)) {
            if (step == Step::malformed) throw Stop{protocol_error};
            if (step == Step::too_large) throw Stop{trouble};
            if (step == Step::begin) co_await begin();
            if (step == Step::text) submission_->text() += reader_.text();
            if (step == Step::sender || step == Step::recipient) keep(step);
            complete_ = step == Step::end;
            if (complete_) break;
        }
        if (submission_) co_await submission_->pass_on();
    }

    asio::awaitable<void> begin()
    {
        try {
            auto submission = co_await queue::AsyncSubmission::start(helper_, {});
            submission_.emplace(std::move(submission));
        } catch (const std::system_error&) {
            throw Stop{trouble};
        }
        submission_->text() = qmqp_received_field(peer_, std::time(nullptr));
    }

    void keep(Step step)
    {
        const auto& address = reader_.address();
        if (!address) {
            addresses_are_good_ = false;
        } else if (step == Step::sender) {
            envelope_.sender = *address;
        } else if (envelope_.recipients.size() == most_recipients ||
                   address_bytes_ + address->size() > most_address_bytes) {
            too_many_ = true;
            envelope_.recipients = {};
        } else if (!too_many_) {
            address_bytes_ += address->size();
            envelope_.recipients.push_back(*address);
        }
    }

    asio::awaitable<std::string> finish()
    {
        const auto queued = co_await submission_->finish(envelope_);
        if (!queued)
            co_return encode_netstring((queued.error().retry == Retry::never ? 'D' : 'Z') +
                                       queued.error().text);
        co_return encode_netstring("Kok " + std::to_string(std::time(nullptr)) + " qp " +
                                   std::to_string(submission_->pid()));
    }

    net::Stream& client_;
    int helper_;
    Peer peer_;
    QmqpReader reader_;
    std::optional<queue::AsyncSubmission> submission_;
    Envelope envelope_;
    std::size_t address_bytes_ = 0;
    bool complete_ = false, addresses_are_good_ = true, too_many_ = false;
};

asio::awaitable<void> serve(int helper, Peer peer)
{
    const auto executor = co_await net::this_executor();
    net::Stream client(executor, Fd(0), Fd(1));
    Session session(client, helper, std::move(peer));
    co_await net::within(all_of_it, session.run());
}

int take_message()
{
    ensure_standard_descriptors();
    ignore_signal(SIGPIPE);
    const auto environment = Environment::of_process();
    change_directory(home());
    if (::geteuid() == 0 && !in_sandbox()) become(role_identity(Role::daemon));
    const Fd helper = queue::start_submission_helper(environment);
    auto peer = peer_of_environment(environment, 0);
    row::smtpd_session();
    try {
        net::run_until_done([&] { return serve(helper.get(), std::move(peer)); });
    } catch (const net::TimedOut&) {
        return trouble;
    } catch (const std::system_error&) {
        return client_left;   // he cannot be told, and nothing says that it is queued
    }
    return 0;
}

}

int main() { return run("qmail-qmqpd", take_message); }
