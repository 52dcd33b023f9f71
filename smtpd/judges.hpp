// The operator's programs that say yes or no: about a password, a token, a sender. Run by the
// submission helper, by the checkpassword interface; at most so many at once in this process, the
// rest waits, and each question has 30 seconds in all.
#pragma once

#include "base/net/secrets.hpp"
#include "base/net/timer.hpp"

#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::smtpd {

enum class Word : int { yes, no, later };   // later: nobody could be asked

class Judges {
public:
    static constexpr std::chrono::seconds usual_limit{30};
    static constexpr std::size_t most_waiting = 1000;

    // helper: the socket of queue::start_submission_helper.
    Judges(net::Executor executor, int helper, std::chrono::seconds limit = usual_limit)
        : executor_(std::move(executor)), helper_(helper), limit_(limit)
    {
    }
    Judges(const Judges&) = delete;
    Judges& operator=(const Judges&) = delete;

    // which: as the helper knows the program; most: at once. Descriptor 3 of it reads subject NUL
    // secret NUL detail NUL. Exit code 0: yes, 1: no, anything else: later. trouble: why, then.
    boost::asio::awaitable<Word> ask(std::string which, std::size_t most,
                                     std::vector<std::string> variables, net::Secret input,
                                     std::string& trouble);

private:
    class Turn;
    void next();

    struct Waiter {
        net::Timer timer;
        bool given = false;
    };
    net::Executor executor_;
    int helper_;
    std::chrono::seconds limit_;
    std::size_t running_ = 0;
    std::list<Waiter> waiting_;
};

// What a judge reads.
net::Secret question(std::string_view subject, std::string_view secret, std::string_view detail);

}
