// A scanner for tests of the chain: it gives prepared answers, and keeps what it was told.
#pragma once

#include "hooks/scanner/scanner.hpp"

#include <boost/json/object.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace grapnel::hooks {

class FakeScanner final : public Scanner {
public:
    // Subscribed to all stages; may change everything and ask for every action.
    explicit FakeScanner(std::string name);

    const ScannerSettings& settings() const override { return configured; }
    std::shared_ptr<const Agreement> agreement() const override;
    net::asio::awaitable<CallOutcome> call(Stage stage, std::uint64_t message_size, MakeBody body,
                                           std::chrono::milliseconds limit) override;
    void blame() override { ++blamed; }

    // What it does from now on.
    void answers(std::string json);
    void says_nothing();
    void ends(CallOutcome::Kind kind, std::string why);

    ScannerSettings configured;
    Agreement agreed;
    bool registered = true;
    std::function<void()> while_asked = {};

    // What it saw.
    std::vector<boost::json::object> requests = {};
    std::vector<std::uint64_t> sizes = {};
    std::vector<std::chrono::milliseconds> limits = {};
    int blamed = 0;

private:
    CallOutcome outcome_;
};

}
