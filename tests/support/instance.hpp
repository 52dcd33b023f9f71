// A whole mail system in a TempHome: qmail-start with its daemons and qmail-smtpd --listen,
// started, watched, stopped. Deliveries default to ./Maildir/.
//
//     TempHome home;
//     const auto joe = home.user("joe");
//     Instance mta(home);
//     SmtpClient(mta.port()).deliver("a@b.example", {"joe@here.example"}, "Subject: x\n\ny\n");
//     wait_for_maildir(joe + "/Maildir", 1);
#pragma once

#include "support/ports.hpp"
#include "support/process.hpp"
#include "support/tcp_server.hpp"
#include "support/temp_home.hpp"

#include <optional>
#include <string>
#include <vector>

namespace grapnel::test {

struct InstanceOptions {
    bool send = true;        // qmail-start and what it starts
    bool smtpd = true;       // qmail-smtpd --listen
    bool one_shot = false;   // instead a qmail-smtpd for each connection, with RELAYCLIENT set
    std::string default_delivery = "./Maildir/";
    std::vector<std::string> environment = {};   // further variables for all of them
    std::vector<std::string> smtpd_arguments = {};
};

class Instance {
public:
    // Starts both and returns when they are up; throws std::runtime_error with their logs when they
    // are not.
    explicit Instance(const TempHome& home, InstanceOptions options = {});
    ~Instance();   // what still runs is killed

    Port port() const { return port_; }   // of qmail-smtpd
    Process& send() { return *send_; }
    Process& smtpd() { return *smtpd_; }

    void start_send();
    void start_smtpd();
    void revive();   // what supervise does: starts again what has ended

    // SIGTERM, then waits. False where one was gone before, did not end in time, or ended with
    // another code than 0.
    bool stop();
    bool stop_send();
    bool stop_smtpd();

    std::string log() const
    {
        return home_.read("send.log");
    }   // what the daemons of qmail-start said
    std::string smtpd_log() const { return home_.read("smtpd.log"); }
    bool wait_for_log(std::string_view text, milliseconds limit = patience) const;
    std::size_t log_count(std::string_view text) const;
    // Every message is out of the queue.
    bool wait_until_empty(milliseconds limit = patience) const;
    void alarm() const;   // SIGALRM: try everything now

private:
    std::vector<std::string> environment() const;
    const TempHome& home_;
    InstanceOptions options_;
    Port port_ = 0;
    std::optional<Process> send_, smtpd_;
    std::optional<TcpServer> sessions_;
};

std::size_t count_of(std::string_view needle, std::string_view text);

}
