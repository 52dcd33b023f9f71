#include "base/sys/log.hpp"
#include "hooks/calls/hook_call.hpp"
#include "hooks/calls/live_scanner.hpp"

#include <unistd.h>

#include <algorithm>

namespace grapnel::hooks {

namespace {

using net::SteadyClock;
using std::chrono::milliseconds;

std::string breaker_name(Breaker::State state)
{
    if (state == Breaker::State::closed) return "closed";
    return state == Breaker::State::open ? "open" : "probing";
}

class Calls final : public LiveScanner, public std::enable_shared_from_this<Calls> {
public:
    Calls(const net::Executor& executor, ScannerSettings settings, ScannerSurroundings around)
        : executor_(executor),
          settings_(std::move(settings)),
          log_(std::move(around.log)),
          client_(executor, settings_),
          slots_(executor, settings_.max_inflight, settings_.max_waiting),
          breaker_(settings_.breaker_failures, settings_.breaker_open),
          ended_(executor),
          stamp_(credentials_stamp(settings_)),
          registrar_(std::make_shared<Registrar>(executor, settings_, client_,
                                                 registrar_surroundings(around))),
          shared_{settings_,
                  client_,
                  *registrar_,
                  slots_,
                  breaker_,
                  around.message_limit,
                  [this](const std::string& text) { say(text); }}
    {
        if (settings_.insecure_loopback) say("insecure-loopback: calls may be unencrypted");
    }

    void start()
    {
        net::start(executor_, live(shared_from_this()), [](const std::exception_ptr& thrown) {
            if (thrown) std::rethrow_exception(thrown);
        });
    }

    const ScannerSettings& settings() const override { return settings_; }

    std::shared_ptr<const Agreement> agreement() const override
    {
        const auto& live = registrar_->current();
        return live ? live->agreement : nullptr;
    }

    net::asio::awaitable<CallOutcome> call(Stage stage, std::uint64_t message_size, MakeBody body,
                                           milliseconds limit) override
    {
        const Counted counted(*this);
        if (ending_) {
            CallOutcome outcome;
            outcome.why = "ending";
            co_return outcome;
        }
        look_at_credentials();
        HookCall one(shared_, stage, message_size, std::move(body), limit);
        auto outcome = co_await one.run();
        if (outcome.kind == CallOutcome::Kind::failure) last_failure_ = outcome.why;
        co_return outcome;
    }

    void blame() override
    {
        const auto before = breaker_.state();
        breaker_.blame(SteadyClock::now());
        if (breaker_.state() != before) say("breaker opens: answers are no good");
    }

    net::asio::awaitable<void> end() override
    {
        constexpr std::chrono::seconds longest_call{60};
        ending_ = true;
        const auto deadline = SteadyClock::now() + longest_call;
        while (calls_ > 0 && SteadyClock::now() < deadline) co_await ended_.wait_until(deadline);
        co_await registrar_->end(SteadyClock::now() + std::chrono::seconds(5));
    }

    ScannerState state() const override
    {
        ScannerState state;
        state.registration = name(registrar_->state());
        if (const auto& live = registrar_->current()) {
            state.registration_id = live->agreement->id;
            state.expires_at = live->registration.expires_at;
        }
        state.trouble = registrar_->trouble().empty() ? last_failure_ : registrar_->trouble();
        state.breaker = breaker_name(breaker_.state());
        state.in_flight = slots_.taken();
        state.waiting = slots_.waiting();
        return state;
    }

    void look_again() override
    {
        next_look_ = {};
        look_at_credentials();
        registrar_->try_again();
    }

    net::asio::awaitable<RegistrationStatus> ask_status() override
    {
        return registrar_->ask_status(SteadyClock::now() + std::chrono::seconds(10));
    }

private:
    // A call under way, for end().
    struct Counted {
        explicit Counted(Calls& calls) : of(calls) { ++of.calls_; }
        Counted(const Counted&) = delete;
        Counted& operator=(const Counted&) = delete;
        ~Counted()
        {
            if (--of.calls_ == 0) of.ended_.ring();
        }
        Calls& of;
    };

    // Keeps all that the registrar refers to.
    static net::asio::awaitable<void> live(std::shared_ptr<Calls> self)
    {
        co_await Registrar::live(self->registrar_);
    }

    RegistrarSurroundings registrar_surroundings(const ScannerSurroundings& around)
    {
        RegistrarSurroundings surroundings;
        surroundings.identity = {printable(around.name, 255), around.version};
        surroundings.file = around.state_file;
        surroundings.log = [this](std::string_view line) { log(line); };
        surroundings.look_at_credentials = [this] { look_at_credentials(); };
        return surroundings;
    }

    void say(const std::string& text) const { log("hooks " + settings_.name + ": " + text); }
    void log(std::string_view line) const
    {
        if (log_)
            log_(line);
        else
            log_line_now(STDERR_FILENO, line);
    }

    // C20: at most once a second.
    void look_at_credentials()
    {
        const auto now = SteadyClock::now();
        if (now < next_look_) return;
        next_look_ = now + std::chrono::seconds(1);
        auto stamp = credentials_stamp(settings_);
        if (stamp == stamp_) return;
        stamp_ = std::move(stamp);
        auto credentials = read_credentials(settings_);
        if (!credentials) return say(credentials.error().text);
        say("credentials have changed");
        settings_.credentials = std::move(*credentials);
        client_.use(settings_.credentials);
        registrar_->credentials_changed();
    }

    net::Executor executor_;
    ScannerSettings settings_;
    std::function<void(std::string_view)> log_;
    ScannerClient client_;
    Slots slots_;
    Breaker breaker_;
    Bell ended_;
    std::string stamp_;
    net::Moment next_look_ = {};
    std::shared_ptr<Registrar> registrar_;
    CallSurroundings shared_;
    std::string last_failure_;
    std::size_t calls_ = 0;
    bool ending_ = false;
};

}

std::shared_ptr<LiveScanner> make_scanner(net::Executor executor, ScannerSettings settings,
                                          ScannerSurroundings around)
{
    const auto scanner = std::make_shared<Calls>(executor, std::move(settings), std::move(around));
    scanner->start();
    return scanner;
}

}
