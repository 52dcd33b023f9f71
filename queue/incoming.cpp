#include "queue/incoming.hpp"

#include "base/mail/date.hpp"
#include "base/sys/clock.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/text.hpp"
#include "queue/exit_code.hpp"
#include "queue/records.hpp"
#include "queue/trigger.hpp"
#include "queue/trouble.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace grapnel::queue {

std::string received_line(const Submitter& submitter)
{
    return "Received: (qmail " + std::to_string(submitter.pid) + " invoked " + submitter.invoked +
           "); " + date_822(submitter.now) + '\n';
}

Uncommitted::~Uncommitted()
{
    for (auto path = paths_.rbegin(); path != paths_.rend(); ++path) {
        [[maybe_unused]] const int ignored = ::truncate(path->c_str(), 0);
        // What cannot be removed keeps mess, made before it: the number must not be given out
        // again.
        if (::unlink(path->c_str()) != 0 && errno != ENOENT) return;
    }
}

// S1 -> S2. The directories are open first: after the commit no descriptor may be missing.
Incoming::Incoming(Directories& directories, Submitter submitter)
    : directories_(directories), spool_(directories.spool()), submitter_(std::move(submitter))
{
    make_pid_file();
    attempt(exit_code::pid_file, [&] { number_ = status(mess_.get(), pid_path_).st_ino; });
    attempt(exit_code::mess_file, [&] {
        directories_.mess(number_);
        remove_orphans();
    });
    name_by_number();
    if (!submitter_.says_received) write_message(received_line(submitter_));
}

void Incoming::make_pid_file()
{
    const std::string stem =
        "pid/" + std::to_string(submitter_.pid) + '.' + std::to_string(submitter_.now) + '.';
    for (int sequence = 1; sequence < 10; ++sequence) {
        pid_path_ = stem + std::to_string(sequence);
        mess_ = Fd(::open(pid_path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
        if (mess_) return uncommitted_.add(pid_path_);
        if (errno != EEXIST) break;
    }
    stop(exit_code::pid_file, errno);
}

// Inode N is ours, so whatever else bears that number is left from a message that is gone. A todo/N
// would be delivered with our bytes: it must be gone for good before mess/N is there. To look first
// is cheaper than to remove what is not there.
void Incoming::remove_orphans()
{
    if (const auto name = Spool::intd(number_); status_if_there(name)) remove_file(name);
    const auto name = Spool::todo(number_);
    if (!status_if_there(name)) return;
    remove_file(name);
    sync(directories_.todo(), "todo");
}

// One step where the file system can; never over a file that is there.
void Incoming::name_by_number()
{
    const auto name = spool_.mess(number_);
    if (::renameat2(AT_FDCWD, pid_path_.c_str(), AT_FDCWD, name.c_str(), RENAME_NOREPLACE) == 0) {
        uncommitted_.drop_first();
        return uncommitted_.add(name);
    }
    if (errno != EINVAL && errno != ENOSYS) stop(exit_code::mess_file, errno);
    attempt(exit_code::mess_file, [&] { link_file(pid_path_, name); });
    uncommitted_.add(name);
    attempt(exit_code::pid_file, [&] { remove_file(pid_path_); });
    uncommitted_.drop_first();
}

void Incoming::write_message(std::string_view bytes)
{
    attempt(exit_code::write_error, [&] { write_all(mess_.get(), bytes, "mess"); });
    bytes_ += bytes.size();
}

void Incoming::write(std::string_view bytes) { write_message(bytes); }

// S2 -> S3.
void Incoming::end_message()
{
    attempt(exit_code::intd_file,
            [&] { intd_ = open_file(Spool::intd(number_), O_WRONLY | O_CREAT | O_EXCL, 0644); });
    uncommitted_.add(Spool::intd(number_));
    envelope_.emplace(intd_.get(), submitter_.uid, submitter_.pid, pid_path_,
                      submitter_.taps.get());
}

// What a block's writing overwrites was read before: the last bytes wait in carried.
void Incoming::insert_in_front(std::string carried)
{
    const auto shift = carried.size();
    std::array<char, 65536> block;
    for (off_t at = 0;;) {
        const auto count = ::pread(mess_.get(), block.data(), block.size(), at);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_errno("unable to read", "mess");
        if (count == 0) return write_at(mess_.get(), carried, at, "mess");
        carried.append(block.data(), static_cast<std::size_t>(count));
        write_at(mess_.get(), std::string_view(carried).substr(0, carried.size() - shift), at,
                 "mess");
        carried.erase(0, carried.size() - shift);
        at += count;
    }
}

void Incoming::prepare()
{
    attempt(exit_code::write_error, [&] {
        if (submitter_.says_received && !envelope_->message_extensions().find("received"))
            insert_in_front(received_line(submitter_));
    });
}

// A failed fsync is final: the pages count as clean afterwards, so it is never tried again.
void Incoming::sync_all() const
{
    sync(mess_.get(), "mess");
    sync(intd_.get(), "intd");
    sync(directories_.mess(number_), "mess");
}

void Incoming::begin_write_back() const
{
    for (const int file : {mess_.get(), intd_.get()})
        ::sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE);
}

void Incoming::publish()
{
    // By a clock that was wrong and is right again it may have looked old, and been cleaned up.
    attempt(exit_code::mess_file, [&] {
        if (status(mess_.get(), "mess").st_nlink == 0)
            throw_error(ENOENT, "no longer there:", "mess");
    });
    attempt(exit_code::write_error, [&] {
        mess_.close_checked("mess");
        intd_.close_checked("intd");
    });
    is_held() ? link_to_quarantine() : link_to_todo();
    uncommitted_.commit();
}

// S3 -> S4. After the link nothing is undone: qmail-send may have it. A failure then may mean two
// copies, never none.
void Incoming::link_to_todo()
{
    attempt(exit_code::todo_file, [&] { link_file(Spool::intd(number_), Spool::todo(number_)); });
}

// The second link is the commit; mess/N and intd/N are then superfluous, and collected after 36
// hours if they stay.
void Incoming::link_to_quarantine()
{
    const auto* id = envelope_->message_extensions().find("id");
    const std::string stem = "quarantine/" + (id && is_uuid(*id) ? *id : make_uuid7());
    attempt(exit_code::todo_file, [&] {
        quarantine_directory_ = open_file("quarantine", O_RDONLY | O_DIRECTORY);
        link_file(spool_.mess(number_), stem + ".mess");
        uncommitted_.add(stem + ".mess");
        link_file(Spool::intd(number_), stem + ".env");
    });
}

void Incoming::sync_names()
{
    attempt(exit_code::write_error, [&] {
        if (quarantine_directory_) return sync(quarantine_directory_.get(), "quarantine");
        sync(directories_.todo(), "todo");
    });
}

// Nothing may bear the number when mess, and with it the inode, is gone.
void Incoming::withdraw()
{
    if (is_held() && ::unlink(Spool::intd(number_).c_str()) == 0)
        ::unlink(spool_.mess(number_).c_str());
}

void Incoming::commit()
{
    prepare();
    attempt(exit_code::write_error, [&] { sync_all(); });
    publish();
    sync_names();
    withdraw();
    // Only now: qmail-send shall not deliver what a power cut may still take away.
    if (!is_held()) pull_trigger();
}

}
