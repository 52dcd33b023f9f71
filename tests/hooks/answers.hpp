// For tests of what answers do: a stage with facts, an answer as JSON, what
// comes of it.
#pragma once

#include "hooks/edits/apply.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

// Complete facts of a stage: two recipients, deferred ones outbound; time
// 1,000,000,000 s, end of the retry period an hour and 1000 s later.
Facts facts_at(Stage stage);

// The message of section 22's worked edits.
Message worked_message();

struct Answering {
    Facts facts;
    std::optional<Message> message = {};
    std::vector<std::string> may_change = {"/action", "/response", "/envelope", "/message",
                                           "/rawMessage"};
    std::vector<Action> actions = {Action::accept,  Action::quarantine, Action::reject,
                                   Action::discard, Action::disconnect, Action::proceed,
                                   Action::cancel};
    bool may_downgrade = false, relay_recipients = false;
    std::map<std::string, AddAnswer> policy = {};   // of addresses; others: no
    std::vector<std::string> asked = {};            // filled
    std::function<void()> while_asked = {};
    net::SteadyClock::time_point deadline = net::SteadyClock::time_point::max();

    Serialization serialization = Serialization::json;

    explicit Answering(Stage stage);
    Applied operator()(std::string_view answer);
};

std::vector<Pointer> pointers(const std::vector<std::string>& texts);

// All of rawMessage.
std::string text_of(const Message& message);

// The paths of failed edits.
std::vector<std::string> paths(const Applied& applied);

}
