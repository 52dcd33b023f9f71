// Measures for the sessions of one process what capacity.hpp decides by.
#pragma once

#include "smtpd/capacity.hpp"
#include "smtpd/shared.hpp"

#include <string>

namespace grapnel::smtpd {

class QueueLoad {
public:
    // shared: with other workers, where there are any.
    explicit QueueLoad(std::string queue, SharedView shared = {});
    QueueLoad(const QueueLoad&) = delete;
    QueueLoad& operator=(const QueueLoad&) = delete;

    std::optional<Answer> refusal(std::uint64_t size, Moment now);

    // As long as it lives, a message waits for its commit.
    class Commit {
    public:
        explicit Commit(QueueLoad* load);   // nullptr: nobody wants to know
        Commit(const Commit&) = delete;
        Commit& operator=(const Commit&) = delete;
        ~Commit();

    private:
        QueueLoad* load_;
        Moment begun_;
    };

    // Memory that a message on its way holds.
    class Held {
    public:
        explicit Held(QueueLoad* load) : load_(load) {}
        Held(const Held&) = delete;
        Held& operator=(const Held&) = delete;
        ~Held() { set(0); }
        void set(std::size_t bytes);

    private:
        QueueLoad* load_;
        std::size_t bytes_ = 0;
    };

private:
    void publish() const;
    void look_at_disk(std::uint64_t size, Moment now);

    std::string queue_;
    SharedView shared_;
    QueueState state_;
    CommitTimes times_;
    Moment looked_{};
};

}
