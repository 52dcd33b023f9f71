#include "hooks/client.hpp"

#include "base/sys/log.hpp"
#include "hooks/hookd_socket.hpp"
#include "hooks/policy_decision.hpp"
#include "hooks/wire/exchange.hpp"

#include <boost/system/system_error.hpp>

#include <cerrno>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace grapnel::hooks {

using net::asio::awaitable;

namespace {

constexpr std::size_t most_idle = 64;
const std::string not_running = "qmail-hookd does not run";

// Nobody asked for it and nobody answered: as if there were no scanner.
Decision as_it_was(const Facts& facts)
{
    Decision decision;
    decision.action = facts.action;
    return decision;
}

class HookdClient final : public Client {
public:
    HookdClient(net::asio::any_io_executor executor, std::string home,
                std::function<std::shared_ptr<const Subscriptions>()> subscriptions,
                std::function<void(const std::string&)> say)
        : executor_(std::move(executor)),
          home_(std::move(home)),
          subscriptions_(std::move(subscriptions)),
          say_(std::move(say))
    {
    }

    awaitable<Decision> ask(Facts facts, int message, AddPolicy may_add) override
    {
        const auto subscriptions = subscriptions_();
        if (!subscriptions || !subscriptions->wants(facts.stage)) co_return as_it_was(facts);
        const auto stage = static_cast<std::size_t>(facts.stage);
        const auto deadline = net::SteadyClock::now() + subscriptions->limits[stage];
        const std::string request = wire::encode(wire::Request{facts, message >= 0, {}});
        auto answer = co_await ask_until(deadline, request, message, may_add);
        if (answer) {
            const auto trouble = trouble_with(*answer, facts);
            if (!trouble.empty()) answer = temporary("it answers with " + trouble);
        }
        note(answer ? std::string() : answer.error().text);
        if (answer) co_return std::move(*answer);
        auto decision = decide_by(subscriptions->policy(facts.stage), facts.stage, facts.action);
        decision.reason = answer.error().text;
        co_return decision;
    }

private:
    struct Connection {
        net::Stream stream;
        bool used = false;   // for a call before this one
    };

    std::optional<Connection> connection()
    {
        while (!idle_.empty()) {
            auto stream = std::move(idle_.back());
            idle_.pop_back();
            if (stream.is_quiet()) return Connection{std::move(stream), true};
        }
        auto socket = connect_to_hookd(home_);
        if (!socket) return std::nullopt;
        Connection fresh{net::Stream(executor_, std::move(*socket))};
        fresh.stream.accept_descriptors();
        return fresh;
    }

    // A kept connection may end just now, because qmail-hookd was started anew: then once more.
    awaitable<Result<Decision>> ask_until(net::SteadyClock::time_point deadline,
                                          const std::string& request, int message,
                                          const AddPolicy& may_add)
    {
        for (;;) {
            auto to_hookd = connection();
            if (!to_hookd) co_return temporary(not_running);
            to_hookd->stream.expires_at(deadline);
            bool heard = false;
            auto answer = co_await ask_on(to_hookd->stream, request, message, may_add, heard);
            if (answer || heard || !to_hookd->used) co_return std::move(answer);
            if (net::SteadyClock::now() >= deadline) co_return std::move(answer);
        }
    }

    awaitable<Result<Decision>> ask_on(net::Stream& stream, const std::string& request, int message,
                                       const AddPolicy& may_add, bool& heard)
    {
        try {
            co_await stream.write_with(request, message);
            for (wire::FrameBuffer frames;;) {
                const auto frame = co_await next_frame(stream, frames);
                if (!frame) co_return temporary("it hung up");
                heard = true;
                auto step = take_frame(*frame, stream.take_descriptors(), may_add);
                if (!step) co_return step.error();
                if (!step->decision) {
                    co_await stream.write(step->answer);
                    continue;
                }
                if (stream.is_quiet() && idle_.size() < most_idle)
                    idle_.push_back(std::move(stream));
                co_return std::move(*step->decision);
            }
        } catch (const net::TimedOut&) {
            co_return temporary("it did not answer in time");
        } catch (const std::system_error& error) {
            if (error.code().value() == ECANCELED) throw;
            co_return temporary("the connection broke");
        } catch (const boost::system::system_error&) {
            throw;   // somebody has taken the call back
        } catch (const std::exception& error) {
            co_return temporary(error.what());
        }
    }

    // nullopt: it ends, or is no frame.
    static awaitable<std::optional<std::string>> next_frame(net::Stream& stream,
                                                            wire::FrameBuffer& frames)
    {
        for (;;) {
            stream.consume(frames.add(stream.buffered()));
            if (auto frame = frames.take()) co_return frame;
            if (frames.is_too_long()) co_return std::nullopt;
            const bool more = co_await stream.fill();
            if (!more) co_return std::nullopt;
        }
    }

    // trouble: empty where there was an answer.
    void note(const std::string& trouble)
    {
        if (trouble.empty() == trouble_.empty()) return;
        trouble_ = trouble;
        if (!say_) return;
        say_(trouble.empty() ? "hooks: qmail-hookd answers again"
                             : "hooks: no answer of qmail-hookd, its scanners count as failed: " +
                                   printable(trouble));
    }

    net::asio::any_io_executor executor_;
    std::string home_;
    std::function<std::shared_ptr<const Subscriptions>()> subscriptions_;
    std::function<void(const std::string&)> say_;
    std::vector<net::Stream> idle_;
    std::string trouble_;   // since when there is no answer; empty: there is
};

}

std::unique_ptr<Client>
make_client(net::asio::any_io_executor executor, std::string home,
            std::function<std::shared_ptr<const Subscriptions>()> subscriptions,
            std::function<void(const std::string& line)> say)
{
    return std::make_unique<HookdClient>(std::move(executor), std::move(home),
                                         std::move(subscriptions), std::move(say));
}

}
