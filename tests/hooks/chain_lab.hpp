// A chain of fake scanners, and what comes of it.
#pragma once

#include "hooks/chain/chain.hpp"
#include "hooks/fake_scanner.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace grapnel::hooks {

class HookChain : public testing::Test {
protected:
    FakeScanner& scanner(const std::string& name);   // one more
    Decision run(Stage stage);
    Decision run(const Facts& facts);

    std::vector<std::shared_ptr<FakeScanner>> scanners;
    std::shared_ptr<Metrics> metrics = std::make_shared<Metrics>();
    std::vector<std::string> log;
    net::SteadyClock::time_point clock{};
    std::string message_text;             // "": that of the worked edits
    std::string spool = "/nonexistent";   // small messages need none
};

// Answers of one edit. value: JSON.
std::string set(const std::string& path, const std::string& value);
std::string act(const std::string& action);

// A decision's message.
std::string content(const Decision& decision);

}
