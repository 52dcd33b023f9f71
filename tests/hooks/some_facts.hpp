// What requests of tests are made of.
#pragma once

#include "hooks/facts.hpp"

namespace grapnel::hooks::test {

// The example of mta-hooks 7.3.
inline Facts data_facts()
{
    Facts facts;
    facts.stage = Stage::data;
    facts.timestamp = 1'795'335'330'120;
    facts.response = {250, "2.0.0", "OK id 019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f"};
    facts.envelope = {{"ana@example.org", {{"SIZE", "210"}, {"BODY", "8BITMIME"}}},
                      {{"ben@example.net", {{"NOTIFY", "FAILURE"}}, {}}}};
    facts.queue = {"019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f", {}, 0};
    facts.server = {"mx1.example.net", "198.51.100.7", 25};
    facts.client = {"203.0.113.9", 40112, "out.example.org", "out.example.org", 2};
    facts.tls = {"TLSv1.3", "TLS_AES_128_GCM_SHA256", 128, {}, {}};
    facts.sender_auth = {"none", "pass", "pass", {}, "pass"};
    return facts;
}

inline Facts connect_facts()
{
    Facts facts;
    facts.timestamp = 0;
    facts.response = {220, {}, "mx1.example.net ESMTP"};
    facts.server = {"mx1.example.net", "198.51.100.7", 25};
    facts.client = {"2001:db8::9", 40112, {}, "", {}};
    return facts;
}

inline Facts delivery_facts()
{
    Facts facts;
    facts.stage = Stage::delivery;
    facts.action = Action::proceed;
    facts.timestamp = 1'795'335'330'120;
    DeliveryFacts deferred{DeliveryStatus::deferred,
                           2,
                           Response{451, "4.7.1", "later"},
                           1'795'335'930,
                           1'795'342'530,
                           "remote"};
    DeliveryFacts pending{DeliveryStatus::pending, 0, {}, {}, {}, {}};
    facts.envelope = {
        {"ana@example.org", {{"RET", "HDRS"}}},
        {{"ben@example.net", {{"NOTIFY", "FAILURE"}}, deferred}, {"cay@example.net", {}, pending}}};
    facts.queue = {"019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f", 1'795'767'330, 3};
    facts.server = {"mx1.example.net", "198.51.100.7", 25};
    return facts;
}

}
