// An authoritative name server in a thread of the test: UDP and TCP on one port of 127.0.0.1,
// answers from a table. A name that is not there and has nothing below it does not exist. Use zones
// under "example.": resolvers answer "test." and private reverse zones by themselves.
//
//     FakeDns dns;
//     dns.add_mx("dest.example", 10, "mx.dest.example").add_a("mx.dest.example", "127.0.0.1");
//     home.control("resolver", dns.address());        // 127.0.0.1@PORT
#pragma once

#include "base/sys/fd.hpp"
#include "support/ports.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace grapnel::test {

class FakeDns {
public:
    FakeDns();
    FakeDns(const FakeDns&) = delete;
    FakeDns& operator=(const FakeDns&) = delete;
    ~FakeDns();

    Port port() const { return port_; }
    std::string address() const { return "127.0.0.1@" + std::to_string(port_); }

    FakeDns& add_a(const std::string& name, const std::string& address);
    FakeDns& add_aaaa(const std::string& name, const std::string& address);
    FakeDns& add_mx(const std::string& name, unsigned preference,
                    const std::string& host);   // host ".": null MX
    FakeDns& add_cname(const std::string& name, const std::string& target);
    FakeDns& add_txt(const std::string& name, const std::string& text);
    FakeDns& add_ptr(const std::string& name, const std::string& target);
    // Both as they stand in an answer (zone_key.hpp).
    FakeDns& add_signed(const std::string& name, std::uint16_t type, const std::string& data,
                        const std::string& signature);
    FakeDns& servfail(const std::string& name);   // for every type
    // As a resolver that validates says it: SERVFAIL, and why (RFC 8914: DNSSEC bogus).
    FakeDns& bogus(const std::string& name);
    FakeDns& truncated(const std::string& name);   // and no answer by TCP
    FakeDns& silent(const std::string& name);      // no answer at all
    FakeDns& silence(bool on = true);              // to everybody

    static constexpr unsigned lifetime = 5;   // seconds, of every record
    static std::string encoded(std::string_view name);

    // "MX dest.example", in order of arrival.
    std::vector<std::string> questions() const;

private:
    using Key = std::pair<std::string, std::uint16_t>;   // lower case, type
    FakeDns& add(const std::string& name, std::uint16_t type, std::string data);
    void serve();
    std::string answer(std::string_view question, bool by_tcp);   // "": say nothing
    void answer_tcp(int socket);
    std::string records_for(const std::string& name, std::uint16_t type,
                            std::uint16_t& count) const;
    bool exists(const std::string& name) const;

    mutable std::mutex mutex_;
    std::map<Key, std::vector<std::string>> records_;
    std::map<Key, std::string> signatures_;   // of records of that type
    enum class Special { servfail, bogus, truncated, silent };
    FakeDns& mark(const std::string& name, Special what);
    std::map<std::string, Special> special_;
    bool silent_ = false;
    std::vector<std::string> questions_;
    Fd tcp_, udp_;
    Port port_ = 0;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

}
