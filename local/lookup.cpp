#include "local/lookup.hpp"

#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/sys/spawn.hpp"
#include "local/exit_code.hpp"

#include <fcntl.h>

#include <system_error>
#include <tuple>

namespace grapnel::local {

namespace {

constexpr std::size_t longest_answer = 65536;

bool same(const struct stat& a, const struct stat& b)
{
    const auto key = [](const struct stat& s) {
        return std::tuple(s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec,
                          s.st_ctim.tv_sec, s.st_ctim.tv_nsec);
    };
    return key(a) == key(b);
}

}

UserTable::UserTable(std::string path) : path_(std::move(path)) {}

void UserTable::refresh()
{
    try {
        const auto now = status_if_there(path_);
        if (!trouble_ && now.has_value() == seen_.has_value() && (!now || same(*now, *seen_)))
            return;
        trouble_ = false;
        table_ = CdbReader::open(path_);
        seen_ = now;
    } catch (const std::system_error&) {
        trouble_ = true;
    }
}

std::optional<User> UserTable::find(std::string_view local) const
{
    if (trouble_) throw Stop{exit_code::table};
    if (!table_) return std::nullopt;
    try {
        const auto user =
            look_up([this](std::string_view key) { return table_->find(key); }, local);
        if (!user) throw Stop{exit_code::table};
        return *user;
    } catch (const std::system_error&) {
        throw Stop{exit_code::table};
    }
}

User ask_getpw(const std::string& local, const Identity& identity, const Environment& environment)
{
    Pipe answer = make_pipe();
    const Fd nothing = open_file("/dev/null", O_RDONLY);
    Child child = spawn({.path = "bin/qmail-getpw",
                         .arguments = {"bin/qmail-getpw", local},
                         .environment = environment.entries(),
                         .descriptors = {{0, nothing.get()}, {1, answer.writer.get()}},
                         .identity = identity,
                         .exec_failed_later = exit_code::exec_getpw,
                         .exec_failed_never = exit_code::exec_getpw});
    answer.writer.reset();
    const std::string record =
        read_all(answer.reader.get(), longest_answer, "answer of qmail-getpw");
    const Ending ending = child.wait();
    if (ending.crashed) throw Stop{exit_code::system};
    if (ending.code != 0) throw Stop{ending.code};
    const auto user = decode_user(record);
    if (!user) throw Stop{exit_code::usage};
    return *user;
}

}
