#include "hooks/registration/registrar.hpp"

#include "base/sys/clock.hpp"
#include "base/sys/file.hpp"
#include "hooks/registration/chance.hpp"
#include "hooks/registration/registration_file.hpp"
#include "hooks/values/utc_date.hpp"

#include <algorithm>
#include <array>
#include <system_error>

namespace grapnel::hooks {

namespace {

using namespace std::chrono_literals;
using net::Moment;
using net::SteadyClock;
using std::chrono::milliseconds;
using Kind = RegistrationTrouble::Kind;

constexpr auto take_back_time = 5s;   // C17
constexpr auto credentials_pause = 1s;
constexpr std::chrono::seconds first_poll{30}, longest_poll{300};   // C16

}

std::string_view name(Registrar::State state)
{
    constexpr std::array<std::string_view, 7> names{
        "none", "registering", "active", "renewing", "suspended", "parked", "ended"};
    return names[static_cast<std::size_t>(state)];
}

Registrar::Lease::Lease(std::shared_ptr<Registrar> of, std::shared_ptr<Live> live)
    : of_(std::move(of)), live_(std::move(live))
{
    ++live_->calls;
}

Registrar::Lease::~Lease()
{
    if (live_ && --live_->calls == 0) of_->wake_.call();
}

Registrar::Registrar(net::Executor executor, const ScannerSettings& settings, ScannerClient& client,
                     RegistrarSurroundings around)
    : settings_(settings),
      around_(std::move(around)),
      calls_(settings, client, around_.identity, [this](const std::string& text) { say(text); }),
      wake_(executor),
      bell_(executor)
{
}

void Registrar::say(const std::string& text) const
{
    if (around_.log) around_.log("hooks " + settings_.name + ": " + text);
}

void Registrar::change(State state)
{
    state_ = state;
    bell_.ring();
}

net::asio::awaitable<void> Registrar::live(std::shared_ptr<Registrar> keep)
{
    Registrar& self = *keep;
    self.running_ = true;
    self.take_up();
    while (!self.ending_) {
        const Moment due = self.due();
        if (SteadyClock::now() >= due) {
            co_await self.act();
            continue;
        }
        const bool came = co_await self.wake_.wait_until(due);
        static_cast<void>(came);
    }
    self.running_ = false;
    self.bell_.ring();
}

Moment Registrar::due() const
{
    const bool drained =
        std::any_of(old_.begin(), old_.end(), [](const auto& old) { return old->calls == 0; });
    if (drained) return Moment::min();
    if (!live_) return next_;
    if (state_ == State::suspended) return std::min(next_, live_->expiry);
    return std::min(std::max(live_->renewal, next_), live_->expiry);
}

net::asio::awaitable<void> Registrar::act()
{
    const Moment now = SteadyClock::now();
    if (live_ && now >= live_->expiry) {
        say("registration " + live_->agreement->id + " has expired");
        drop(State::none);
    }
    if (!live_ && state_ == State::parked) {
        if (now >= next_) {
            next_ = now + credentials_pause;
            if (around_.look_at_credentials) around_.look_at_credentials();
        }
    } else if (live_ && state_ == State::suspended) {
        if (now >= next_) co_await poll();
    } else if (now >= next_ && (!live_ || now >= live_->renewal)) {
        co_await attempt();
    }
    const auto drained =
        std::find_if(old_.begin(), old_.end(), [](const auto& old) { return old->calls == 0; });
    if (drained == old_.end()) co_return;
    const auto old = *drained;
    old_.erase(drained);
    co_await take_back(old, SteadyClock::now() + take_back_time);
}

net::asio::awaitable<void> Registrar::attempt()
{
    change(live_ ? State::renewing : State::registering);
    RegistrationAttempt made;
    try {
        made = co_await calls_.make();
    } catch (const std::exception& trouble) {
        made.trouble = {Kind::passing, trouble.what()};
    }
    if (state_ == State::ended) {   // too late for end()
        if (made.registration)
            co_await calls_.take_back(*made.registration, SteadyClock::now() + take_back_time);
        co_return;
    }
    if (made.useless) old_.push_back(std::make_shared<Live>(std::move(*made.useless)));
    if (made.registration)
        adopt(std::move(*made.registration));
    else
        fail(made.trouble);
}

void Registrar::adopt(Registration registration)
{
    // A scanner may have kept the id: then there is nothing to take back.
    const bool another = live_ && live_->agreement->id != registration.agreement.id;
    if (another) old_.push_back(std::move(live_));
    live_ = std::make_shared<Live>(std::move(registration));
    failures_ = 0;
    trouble_.clear();
    next_ = Moment::min();
    say(announcement(*live_));
    keep();
    if (!live_->registration.suspended) return change(State::active);
    poll_pause_ = first_poll;
    next_ = SteadyClock::now() + poll_pause_;
    trouble_ = "suspended by the scanner";
    change(State::suspended);
}

void Registrar::fail(const RegistrationTrouble& trouble)
{
    ++failures_;
    if (trouble_ != trouble.why) say(trouble.why);   // once
    trouble_ = trouble.why;
    if (trouble.kind == Kind::parked) {
        say("parked until its credentials change, or a reload");
        return drop(State::parked);
    }
    next_ = SteadyClock::now() + registration_pause(trouble, failures_, chance());
    change(live_ ? State::active : State::none);
}

// What there is is of no use any more.
void Registrar::drop(State state)
{
    live_.reset();
    forget();
    next_ = state == State::parked ? SteadyClock::now() + credentials_pause : Moment::min();
    change(state);
}

net::asio::awaitable<Registrar::Lease> Registrar::lease(Moment deadline, std::string& why)
{
    for (;;) {
        const Moment now = SteadyClock::now();
        const bool expired = live_ && now >= live_->expiry;
        if (live_ && !expired && state_ != State::suspended)
            co_return Lease(shared_from_this(), live_);
        const bool on_the_way = state_ == State::registering || expired ||
                                (!live_ && state_ == State::none && next_ <= now);
        if (ending_ || !on_the_way) {
            why = "not registered: " + (trouble_.empty() ? std::string("ending") : trouble_);
            co_return Lease();
        }
        if (now >= deadline) {
            why = "timeout while registering";
            co_return Lease();
        }
        wake_.call();
        co_await bell_.wait_until(deadline);
    }
}

void Registrar::gone(const Lease& lease)
{
    if (lease.live_ != live_ || state_ == State::ended) return;
    say("registration " + live_->agreement->id + " is gone");
    const bool renewing = state_ == State::renewing;
    drop(renewing ? State::registering : State::none);
    wake_.call();
}

void Registrar::refused(const std::string& why)
{
    if (state_ == State::parked || ending_) return;
    trouble_ = why;
    say(why + "; parked until its credentials change, or a reload");
    drop(State::parked);
    wake_.call();
}

void Registrar::credentials_changed()
{
    keep();
    try_again();
}

void Registrar::try_again()
{
    failures_ = 0;
    next_ = Moment::min();
    if (state_ == State::parked) change(State::none);
    wake_.call();
}

net::asio::awaitable<void> Registrar::poll()
{
    poll_pause_ = std::min(longest_poll, poll_pause_ * 2);
    const auto status = co_await ask_status(Moment::max());
    if (!live_ || state_ != State::suspended) co_return;   // parked meanwhile
    next_ = SteadyClock::now() + poll_pause_;
    if (status.word == "deregistered") co_return drop(State::none);
    if (status.word != "active") co_return;
    say("registration " + live_->agreement->id + " is active again");
    live_->registration.suspended = false;
    trouble_.clear();
    next_ = Moment::min();
    keep();
    change(State::active);
}

net::asio::awaitable<RegistrationStatus> Registrar::ask_status(Moment deadline)
{
    if (!live_) co_return RegistrationStatus{"not registered", {}};
    co_return co_await calls_.ask_status(live_->registration, deadline);
}

net::asio::awaitable<void> Registrar::take_back(std::shared_ptr<Live> old, Moment deadline)
{
    if (SteadyClock::now() < old->expiry) co_await calls_.take_back(old->registration, deadline);
}

net::asio::awaitable<void> Registrar::end(Moment deadline)
{
    ending_ = true;
    deadline = std::min<Moment>(deadline, SteadyClock::now() + take_back_time);
    auto all = std::exchange(old_, {});
    if (live_) all.push_back(live_);
    drop(State::ended);
    wake_.call();
    for (auto& old : all) co_await take_back(std::move(old), deadline);
    while (running_ && SteadyClock::now() < deadline) co_await bell_.wait_until(deadline);
}

// From before a restart. One of another configuration is taken back.
void Registrar::take_up()
{
    if (around_.file.empty()) return;
    auto kept = read_kept(around_.file);
    if (!kept || lives_here(kept->registration.agreement.id)) return;
    auto& registration = kept->registration;
    if (registration.expires_at && *registration.expires_at <= unix_milliseconds()) return;
    auto live = std::make_shared<Live>(std::move(registration));
    kept_id_ = live->agreement->id;
    if (kept->configuration !=
        configuration_digest(settings_, settings_.credentials, around_.identity)) {
        forget();
        old_.push_back(std::move(live));
        return;
    }
    live_ = std::move(live);
    say("registration " + live_->agreement->id + " is taken up again");
    next_ = Moment::min();
    if (live_->registration.suspended) trouble_ = "suspended by the scanner";
    change(live_->registration.suspended ? State::suspended : State::active);
}

void Registrar::keep()
{
    if (around_.file.empty() || !live_) return;
    kept_id_ = live_->agreement->id;
    try {
        write_kept(around_.file,
                   {live_->registration,
                    configuration_digest(settings_, settings_.credentials, around_.identity)});
    } catch (const std::system_error& trouble) {
        say("unable to keep the registration: " + std::string(trouble.what()));
    }
}

void Registrar::forget() const
{
    if (around_.file.empty()) return;
    try {
        // Another scanner, which has taken this one's place, may have its own there already.
        const auto kept = read_kept(around_.file);
        if (kept && kept->registration.agreement.id == kept_id_) remove_file(around_.file);
    } catch (const std::system_error& trouble) {
        say("unable to forget the registration: " + std::string(trouble.what()));
    }
}

}
