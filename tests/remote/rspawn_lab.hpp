// The built qmail-rspawn with the built qmail-remote, asked by a test, with one message in the
// queue.
#pragma once

#include "base/sys/file.hpp"
#include "queue/delivery.hpp"
#include "support/process.hpp"
#include "support/smtp_script.hpp"
#include "support/temp_home.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

namespace grapnel::test {

class RspawnLab : public testing::Test {
protected:
    RspawnLab()
    {
        home_.write("message", message);
        name_ = "0/" + std::to_string(status_if_there(home_ / "message")->st_ino);
        rename_file(home_ / "message", home_ / ("queue/mess/" + name_));
        process_.emplace(
            Launch{.argv = {home_.program("qmail-rspawn")}, .environment = home_.environment()});
        EXPECT_TRUE(process_->wait_for_output("\x78"));
    }

    void ask(unsigned number, const std::string& recipient = "r@far.example",
             const std::string& sender = "s@here.example")
    {
        process_->write(encode(queue::Job{number, name_, sender, recipient}));
        ++asked_;
    }
    // Every report, once there are as many as deliveries were asked for.
    std::vector<queue::Report> reports()
    {
        std::vector<queue::Report> all;
        while (all.size() < asked_) {
            all.clear();
            queue::ReportReader reader;
            std::string_view bytes = process_->output();
            bytes.remove_prefix(1);
            while (const auto report = reader.take(bytes)) all.push_back(*report);
            if (all.size() == asked_) break;
            if (!process_->wait_for_output("\1\2\3never", milliseconds(10)) && ++waited_ > 3000)
                break;
        }
        return all;
    }
    std::string last_text()
    {
        const auto all = reports();
        return all.size() == asked_ ? all.back().letter + all.back().text : "(none)";
    }
    std::string deliver(const std::string& sender = "s@here.example")
    {
        ask(0, "r@far.example", sender);
        return last_text();
    }
    void route_to(const SmtpScript& server) { home_.control("smtproutes", ":" + server.route()); }

    // Of all the qmail-remotes that run.
    std::vector<pid_t> remotes() const
    {
        std::vector<pid_t> pids;
        for (const auto& one : processes_with("QMAILHOME=" + home_.path()))
            if (one.name == "qmail-remote") pids.push_back(one.pid);
        return pids;
    }

    static inline const std::string message = "Subject: tide\n\nHigh at noon.\n";
    static inline const std::string accepted =
        "K127.0.0.1 accepted message.\nRemote host said: 250 2.0.0 kept\n";
    TempHome home_;
    std::string name_;
    std::optional<Process> process_;
    std::size_t asked_ = 0, waited_ = 0;
};

}
