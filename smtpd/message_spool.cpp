#include "smtpd/message_spool.hpp"

#include "base/sys/clock.hpp"
#include "base/sys/file.hpp"
#include "base/sys/memory_file.hpp"
#include "smtpd/usage.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace grapnel::smtpd {

namespace {

constexpr std::size_t most_in_memory = 65536;

}

void remove_left_spool_files(const std::string& directory)
{
    constexpr std::int64_t surely_left = 60;   // seconds; a file has its name for an instant only
    try {
        const auto now = SystemClock().now();
        for (const auto& name : list_directory(directory)) {
            if (name == usage_file) continue;
            const auto path = directory + '/' + name;
            const auto about = status_if_there(path);
            if (about && S_ISREG(about->st_mode) && about->st_mtim.tv_sec < now - surely_left)
                ::unlink(path.c_str());
        }
    } catch (const std::system_error&) {
        // it is not there, or not ours: nothing lies there that anybody needs
    }
}

void MessageSpool::begin_file()
{
    const auto path = directory_ + '/' + make_uuid7();
    file_ = open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    struct Named {
        const std::string& path;
        ~Named() { ::unlink(path.c_str()); }
    } const named{path};
    readable_ = open_read(path);
}

void MessageSpool::write_out()
{
    size_ += text_.size();
    try {
        if (!file_ && error_ == 0) begin_file();
        if (error_ == 0) write_all(file_.get(), text_, "spool");
    } catch (const std::system_error& error) {
        error_ = error.code().value();
    }
    text_.clear();
}

void MessageSpool::pass_on()
{
    if (text_.size() >= most_in_memory || file_ || error_ != 0) write_out();
}

Result<> MessageSpool::finish()
{
    if (file_ || error_ != 0 || text_.size() > most_in_memory) {
        write_out();
    } else {
        try {
            readable_ = sealed_file(text_);
            size_ = text_.size();
        } catch (const std::system_error& error) {
            error_ = error.code().value();
        }
    }
    file_.reset();
    if (error_ == 0) return {};
    const bool full = error_ == ENOSPC || error_ == EDQUOT || error_ == EFBIG;
    return temporary(full ? "no room to have the message looked at (#4.3.1)"
                          : "unable to have the message looked at (#4.3.0)");
}

}
