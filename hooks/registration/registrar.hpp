// Keeps a scanner's registration alive (mta-hooks 4.3): makes it, renews it before it ends, makes
// it again where the scanner has forgotten it, takes it back at the end. One attempt at a time,
// shared by all who wait for it. Knows nothing of hook calls but how many there are.
#pragma once

#include "hooks/registration/bell.hpp"
#include "hooks/registration/live_registration.hpp"
#include "hooks/registration/registration_calls.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace grapnel::hooks {

struct RegistrarSurroundings {
    RegistrationIdentity identity;
    std::string file = {};   // where the registration is kept; "": nowhere
    std::function<void(std::string_view)> log;
    std::function<void()> look_at_credentials;   // asked now and then while it is parked
};

class Registrar : public std::enable_shared_from_this<Registrar> {
public:
    enum class State : std::uint8_t {
        none,
        registering,
        active,
        renewing,
        suspended,
        parked,
        ended
    };

    // client, settings: must live as long.
    Registrar(net::Executor executor, const ScannerSettings& settings, ScannerClient& client,
              RegistrarSurroundings around);
    Registrar(const Registrar&) = delete;
    Registrar& operator=(const Registrar&) = delete;

    using Live = LiveRegistration;

    // A registration under which a call is made; until it goes, that one is not taken back.
    class Lease {
    public:
        Lease() = default;
        Lease(std::shared_ptr<Registrar> of, std::shared_ptr<Live> live);
        Lease(Lease&&) noexcept = default;
        Lease& operator=(Lease&&) = delete;
        ~Lease();
        explicit operator bool() const { return live_ != nullptr; }
        const Registration& registration() const { return live_->registration; }
        const std::shared_ptr<const Agreement>& agreement() const { return live_->agreement; }

    private:
        friend class Registrar;
        std::shared_ptr<Registrar> of_;
        std::shared_ptr<Live> live_;
    };

    // Its whole life, until end(): to be started beside everything else. keep: itself.
    static net::asio::awaitable<void> live(std::shared_ptr<Registrar> keep);

    // Waits for an attempt that is due or under way; without one it says at once that there is
    // none, and why.
    net::asio::awaitable<Lease> lease(net::Moment deadline, std::string& why);
    void gone(const Lease& lease);          // the scanner does not know it (404, 410)
    void refused(const std::string& why);   // nor us (401, 403)
    void credentials_changed();
    void try_again();   // whatever it waits for: somebody has acted

    // Takes back what there is, as far as the limit allows. Nothing may be under lease any more.
    net::asio::awaitable<void> end(net::Moment deadline);

    // What the scanner says of it, for people.
    net::asio::awaitable<RegistrationStatus> ask_status(net::Moment deadline);

    State state() const { return state_; }
    const std::shared_ptr<Live>& current() const { return live_; }   // nullptr: none
    const std::string& trouble() const { return trouble_; }          // the last one

private:
    net::Moment due() const;
    net::asio::awaitable<void> act();
    net::asio::awaitable<void> attempt();
    net::asio::awaitable<void> poll();
    net::asio::awaitable<void> take_back(std::shared_ptr<Live> old, net::Moment deadline);
    void adopt(Registration registration);
    void fail(const RegistrationTrouble& trouble);
    void drop(State state);
    void take_up();
    void keep();
    void forget() const;
    void say(const std::string& text) const;
    void change(State state);

    const ScannerSettings& settings_;
    RegistrarSurroundings around_;
    RegistrationCalls calls_;
    net::Timer wake_;
    Bell bell_;
    State state_ = State::none;
    std::shared_ptr<Live> live_;
    std::vector<std::shared_ptr<Live>> old_;   // to be taken back once their calls have ended
    net::Moment next_ = net::Moment::min();    // attempt, poll or look at credentials
    std::chrono::seconds poll_pause_{30};
    unsigned failures_ = 0;           // in a row
    std::string trouble_, kept_id_;   // kept_id_: of the registration that we put into the file
    bool ending_ = false, running_ = false;
};

std::string_view name(Registrar::State state);

}
