// The event loop of qmail-send: reports, trigger, signals and time come in, and the next thing is
// done. It decides order and end; what is done is in deliveries, todo_scan, finishing.
#pragma once

#include "base/net/signals.hpp"
#include "base/net/timer.hpp"
#include "send/deliveries.hpp"
#include "send/desk.hpp"
#include "send/finishing.hpp"
#include "send/hastening.hpp"
#include "send/hold_request.hpp"
#include "send/intake.hpp"
#include "send/interim_notices.hpp"
#include "send/mess_scan.hpp"
#include "send/scanners.hpp"
#include "send/todo_scan.hpp"

#include <optional>
#include <string>

namespace grapnel::send {

// What qmail-send was started with: the ends of its pipes, and the spawners' limits.
struct Connections {
    Fd to_local, from_local, to_remote, from_remote, to_clean, from_clean;
    Fd helper;   // runs qmail-queue for us
    Fd hold_desk, hasten_desk;
    std::optional<uid_t> network_user;   // may ask at hasten_desk
    unsigned local_limit = 0, remote_limit = 0;
    bool local_records = false, remote_records = false;   // they take records
};

class Dispatcher {
public:
    Dispatcher(net::Loop& loop, Connections connections, Config config, Scanners& scanners,
               const Clock& clock, const queue::Spool& spool, Log& log);

    // Until SIGTERM, or a connection is lost, and everything that ran has ended. The exit code.
    int run();

private:
    boost::asio::awaitable<void> work();
    boost::asio::awaitable<void> signals();
    boost::asio::awaitable<void> reports(Channel& channel);
    boost::asio::awaitable<void> clean_answers();
    boost::asio::awaitable<void> last_answers();
    boost::asio::awaitable<void> watch_helper();
    void start(boost::asio::awaitable<void> part);

    void step();
    void reread();
    boost::asio::awaitable<std::string> hold_reply(std::string line);
    grapnel::Result<> obey(const HoldRequest& request);
    void write_first_attempts();
    std::optional<Due> flush_due() const;
    void flush();
    void begin_end();
    void fail(const std::string& what);
    bool may_exit() const;
    Due next_due() const;

    net::Loop& loop_;
    Config config_;
    Scanners& scanners_;
    const queue::Spool& spool_;
    Log& log_;
    Fd helper_;
    Agenda agenda_;
    net::Timer timer_;
    net::Signals signals_;   // from before the first line of the log
    Flusher flusher_;
    Marks marks_;
    Channel local_, remote_;
    Cleaner cleaner_;
    MessageRecords records_;
    HookCalls hook_calls_;
    Review review_;
    NoticeReview notice_review_;
    NoticeSender notice_sender_;
    FirstAttempts first_;
    InterimNotices interim_;
    Results results_;
    Deliveries deliveries_;
    Intake intake_;
    Finishing finishing_;
    TodoScan todo_scan_;
    MessScan mess_scan_;
    Desk hold_desk_;
    Hastening hastening_;
    Desk hasten_desk_;
    bool ending_ = false, broken_ = false, more_ = false;
    int exit_code_ = 0;
};

}
