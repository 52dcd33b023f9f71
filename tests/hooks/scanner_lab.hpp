// A scanner of ours against one over HTTP that checks what it is asked (support/http_scanner.hpp),
// in the test's own loop.
#pragma once

#include "hooks/calls/live_scanner.hpp"
#include "support/http_scanner.hpp"

#include <boost/json/value.hpp>
#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace grapnel::hooks::test {

// nullptr: plain HTTP. Made once for all tests of a program.
const grapnel::test::Certificates& certificates();

class ScannerLab : public testing::Test {
protected:
    explicit ScannerLab(bool tls = false);
    void TearDown() override;

    // A file of control/hooks/x. Before begin(), but for credentials.
    void put(const std::string& file, const std::string& text);
    void begin();     // and waits until it knows whether it is registered
    void restart();   // as after a crash: nobody is told
    void end();

    CallOutcome call(Stage stage = Stage::data, const std::string& text = "Subject: x\n\nhello\n",
                     std::chrono::milliseconds limit = std::chrono::seconds(60));
    // All at once.
    std::vector<CallOutcome> calls(std::size_t count, Stage stage = Stage::data);
    void run(net::asio::awaitable<void> work);
    bool wait_until(const std::function<bool()>& happened);

    void tell(const std::string& command) { http.tell(command); }
    // In the order of arrival; kind "": all of them.
    std::vector<boost::json::value> asked(std::string_view kind = "hook");
    std::size_t count(std::string_view kind) { return asked(kind).size(); }
    std::string log_text() const;

    grapnel::test::TempDirectory home;
    grapnel::test::HttpScanner http;
    std::unique_ptr<net::Loop> loop = std::make_unique<net::Loop>();
    std::shared_ptr<LiveScanner> scanner;
    std::vector<std::string> log;
    bool hostile = false;   // requests may look wrong to the other side
};

// One at rcpt, for tests that do something else meanwhile.
net::asio::awaitable<void> small_call(std::shared_ptr<LiveScanner> scanner, CallOutcome& outcome);

std::string text(const boost::json::value& object, std::string_view member);

}
