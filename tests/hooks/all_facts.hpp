// Facts in which every member says something.
#pragma once

#include "hooks/decision.hpp"
#include "hooks/facts.hpp"

namespace grapnel::hooks {

inline Facts all_facts()
{
    Facts facts;
    facts.stage = Stage::data;
    facts.action = Action::quarantine;
    facts.timestamp = 1'795'335'330'120;
    facts.response = Response{250, "2.0.0", "OK"};
    facts.envelope = EnvelopeFacts{{"ana@example.org", {{"SIZE", "210"}, {"BODY", "8BITMIME"}}},
                                   {{"ben@example.net", {{"NOTIFY", "FAILURE"}}},
                                    {"d\xc3\xb6\x80 rt@example.net",
                                     {},
                                     DeliveryFacts{DeliveryStatus::failed_silent, 7,
                                                   Response{451, {}, "later"}, -5, 12, "remote"}}}};
    facts.queue = QueueFacts{"019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f", 1'800'000'000, 3};
    facts.server = {"mx1.example.net", "198.51.100.7", 25};
    facts.client = ClientFacts{"203.0.113.9", 40112, "", "out.example.org", 2};
    facts.tls = TlsFacts{"TLSv1.3", "TLS_AES_128_GCM_SHA256", 128, "CN=i", "CN=s"};
    facts.auth = AuthFacts{"ana", "PLAIN"};
    facts.sender_auth = SenderAuthFacts{"none", "pass", "fail", "policy", "permerror"};
    facts.smtputf8 = true;
    facts.may_relay = true;
    facts.message_limit = 1u << 30;
    return facts;
}

inline Decision whole_decision()
{
    Decision decision;
    decision.action = Action::discard;
    decision.response = Response{250, {}, "as ever"};
    decision.from = Sender{"", {{"RET", "HDRS"}}};
    decision.to = std::vector<Recipient>{{"x@example.net", {}, {}}};
    decision.size = 4711;
    decision.recipients = {{1, DeliveryStatus::failed, 99, 0}, {0, {}, {}, {}}};
    decision.suppressed = true;
    decision.ask_again = true;
    decision.scanner = "10-rspamd";
    decision.reason = "spam";
    return decision;
}

inline bool equal(const Decision& a, const Decision& b)
{
    return a.action == b.action && a.response == b.response && a.from == b.from && a.to == b.to &&
           a.size == b.size && a.recipients == b.recipients && a.suppressed == b.suppressed &&
           a.ask_again == b.ask_again && a.scanner == b.scanner && a.reason == b.reason;
}

}
