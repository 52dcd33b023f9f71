// A message on its way into the queue: S1 (nothing), S2 (mess), S3 (mess and intd), S4 (todo:
// queued, for good). Until S4 the destructor takes everything back. Names are relative to the
// queue: chdir there first.
//
// The Received line is the file's first, but whether qmail-smtpd has put one there itself is known
// only from the envelope, which comes last. From those whose `received` record counts the message
// is therefore written without the line, and where no record comes the bytes are moved up in place
// before they are synced: a pass over what is still in the page cache, in constant memory. All
// others' messages begin with the line at once.
#pragma once

#include "base/sys/fd.hpp"
#include "queue/directories.hpp"
#include "queue/envelope_intake.hpp"
#include "queue/taps.hpp"

#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::queue {

// On whose behalf.
struct Submitter {
    std::uint64_t uid = 0;   // u record
    std::uint64_t pid = 0;   // p record, Received, names in pid/
    std::time_t now = 0;
    std::string invoked;                     // "by uid 1000"
    bool says_received = false;              // its received record counts
    std::shared_ptr<const Taps> taps = {};   // who gets copies
};

std::string received_line(const Submitter& submitter);

// Files made and not yet committed: removed in reverse order, truncated first lest an unlink that
// fails, or somebody who holds them open, keeps the space.
class Uncommitted {
public:
    Uncommitted() = default;
    Uncommitted(const Uncommitted&) = delete;
    ~Uncommitted();
    void add(std::string path) { paths_.push_back(std::move(path)); }
    void drop_first() { paths_.erase(paths_.begin()); }
    void commit() { paths_.clear(); }

private:
    std::vector<std::string> paths_;
};

class Incoming {
public:
    // Throws Stop with qmail-queue's exit code, as all of this.
    Incoming(Directories& directories, Submitter submitter);   // S2

    void write(std::string_view bytes);   // of the message
    void end_message();                   // S3
    EnvelopeIntake& envelope() { return *envelope_; }
    // S4, or the quarantine where a held record says so. After envelope().finish(). In one:
    // prepare, fsync of both files, publish, fsync of the names, withdraw; then the trigger.
    void commit();

    // The steps, for who makes many messages durable at once. Between prepare and publish the
    // files' bytes must become durable, after publish the names in todo/ (or quarantine/).
    void prepare();                  // every byte is written
    void publish();                  // the link that commits; nothing is undone from here on
    void begin_write_back() const;   // asks the kernel to start, and does not wait
    void sync_all() const;           // both files and mess/S. Throws system_error, as flushes do
    void withdraw();                 // held: the names that are no longer needed
    bool is_held() const { return envelope_->message_extensions().find("held") != nullptr; }
    std::uint64_t bytes() const { return bytes_; }   // written so far

private:
    void make_pid_file();
    void name_by_number();
    void remove_orphans();
    void write_message(std::string_view bytes);
    void insert_in_front(std::string line);
    void sync_names();
    void link_to_todo();
    void link_to_quarantine();

    Directories& directories_;
    const Spool& spool_;
    Submitter submitter_;
    MessageNumber number_ = 0;
    std::uint64_t bytes_ = 0;
    Fd quarantine_directory_, mess_, intd_;
    std::string pid_path_;
    std::optional<EnvelopeIntake> envelope_;
    Uncommitted uncommitted_;   // last: goes first
};

}
