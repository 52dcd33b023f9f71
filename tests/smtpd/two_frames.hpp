// A dialogue with qmail-smtpd in each of its frames: one session on descriptors 0 and 1, and the
// server. Knows what a row of a table of dialogues is.
#pragma once

#include "inject/capture.hpp"
#include "support/instance.hpp"
#include "support/smtp_client.hpp"

#include <gtest/gtest.h>

#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace grapnel::test {

enum class Frame { one_session, server };
inline const char* name(Frame frame)
{
    return frame == Frame::one_session ? "OneSession" : "Server";
}

// What the client sends, CR LF added where it is not there ("$" at the end: as it is); how the
// replies to it begin: "250 2.1.0" for each, with "|" between; "!" at the end: then the server has
// closed.
using Exchange = std::pair<std::string, std::string>;
struct Row {
    const char* what;
    std::vector<Exchange> exchanges;
};

class TwoFrames : public ::testing::TestWithParam<Frame> {
protected:
    TwoFrames()
    {
        home.control("rcpthosts", "here.example");
        home.control("maxconnrate", "0 0");
    }

    // Control files first. variables: of every client.
    void start(std::vector<std::string> variables = {})
    {
        variables_ = std::move(variables);
        for (const auto& variable : capture.environment()) variables_.push_back(variable);
        if (GetParam() == Frame::server)
            instance_.emplace(home, InstanceOptions{.send = false,
                                                    .environment = variables_,
                                                    .smtpd_arguments = {"--workers", "1"}});
    }

    void start_as(const std::string& service)
    {
        arguments_ = {"--as", service};
        port_ = free_port();
        for (const auto& variable : capture.environment()) variables_.push_back(variable);
        const auto where = service + "@127.0.0.1:" + std::to_string(port_);
        if (GetParam() == Frame::server)
            instance_.emplace(home, InstanceOptions{.send = false,
                                                    .environment = variables_,
                                                    .smtpd_arguments = {"--listen", where}});
    }

    // Who has been greeted.
    SmtpClient& connect()
    {
        if (GetParam() == Frame::server)
            return clients_.emplace_back(port_ ? port_ : instance_->port());
        auto variables = variables_;
        variables.emplace_back("LSAN_OPTIONS=detect_leaks=0");
        std::vector<std::string> argv{home.program("qmail-smtpd")};
        argv.insert(argv.end(), arguments_.begin(), arguments_.end());
        auto& process = processes_.emplace_back(Launch{argv, home.environment(variables)});
        return clients_.emplace_back(process.output_descriptor(), process.input());
    }

    static bool fits(const std::string& reply, std::string_view wanted)
    {
        const auto line = reply.substr(reply.rfind('\n') + 1);
        return line.starts_with(wanted) &&
               (line.size() == wanted.size() || line[wanted.size()] == ' ');
    }

    static void hold(SmtpClient& client, const std::vector<Exchange>& exchanges)
    {
        for (const auto& [sent, wanted] : exchanges) {
            const bool as_it_is = sent.ends_with('$');
            client.send(as_it_is               ? sent.substr(0, sent.size() - 1)
                        : sent.ends_with('\n') ? sent
                                               : sent + "\r\n");
            std::string_view left = wanted;
            const bool closes = left.ends_with('!');
            if (closes) left.remove_suffix(1);
            while (!left.empty()) {
                const auto one = left.substr(0, left.find('|'));
                left.remove_prefix(std::min(left.size(), one.size() + 1));
                const auto reply = client.reply();
                EXPECT_TRUE(fits(reply, one))
                    << "to: " << sent << "\nwanted: " << one << "\ngot:    " << reply;
            }
            if (closes) { EXPECT_TRUE(client.closed()) << "to: " << sent; }
        }
    }

    void hold(const std::vector<Row>& rows)
    {
        for (const auto& row : rows) {
            SCOPED_TRACE(row.what);
            hold(connect(), row.exchanges);
            clients_.clear();
            processes_.clear();
        }
    }

    TempHome home;
    Capture capture;

private:
    std::vector<std::string> variables_, arguments_;
    Port port_ = 0;   // of another service than SMTP
    std::optional<Instance> instance_;
    std::list<Process> processes_;
    std::list<SmtpClient> clients_;
};

}
