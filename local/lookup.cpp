#include "local/lookup.hpp"

#include "base/sys/clock.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/sys/spawn.hpp"
#include "local/exit_code.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <system_error>

namespace grapnel::local {

namespace {

constexpr std::size_t longest_answer = 65536;

Instant now()
{
    using namespace std::chrono;
    return static_cast<Instant>(
        duration_cast<milliseconds>(SystemClock().steady().time_since_epoch()).count());
}

// What qmail-getpw looks at last and what no file tells us of. In doubt it is asked.
bool owns_home(const User& user)
{
    struct stat about {};
    return ::stat(user.home.c_str(), &about) == 0 && about.st_uid == user.uid;
}

// One write is one answer on it.
Pipe make_answer_pipe()
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK | O_DIRECT) != 0) return {};
    ::fcntl(ends[1], F_SETPIPE_SZ, 64 * 4096);   // as many answers, if we may
    return {Fd(ends[0]), Fd(ends[1])};
}

}

void UserTable::refresh()
{
    try {
        if (!file_.changed() && !trouble_) return;
        trouble_ = true;   // until it is open
        ++edition_;
        table_ = CdbReader::open(file_.path());
        trouble_ = false;
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

Getpw::Getpw(const std::string& home, Identity identity, const Environment& environment)
    : identity_(std::move(identity)),
      environment_(environment.entries()),
      sources_{Watched("/etc/passwd"), Watched("/etc/nsswitch.conf"),
               Watched(home + "/bin/qmail-getpw")},
      told_(make_answer_pipe())
{
}

bool Getpw::sources_changed()
{
    bool changed = false;
    for (auto& source : sources_) changed = source.changed() || changed;
    return changed;
}

void Getpw::refresh()
{
    try {
        if (sources_changed()) answers_.begin_edition();
    } catch (const std::system_error&) {
        answers_.begin_edition();
    }
    std::array<char, Answers::longest> packet;
    for (ssize_t size; (size = ::read(told_.reader.get(), packet.data(), packet.size())) > 0;)
        answers_.keep({packet.data(), static_cast<std::size_t>(size)});
}

User Getpw::find(const std::string& local) const
{
    const Instant asked = now();
    if (const auto known = answers_.find(local, asked); known && owns_home(*known)) return *known;
    User user = ask(local);
    tell({answers_.edition(), asked, local, user});
    return user;
}

void Getpw::tell(const Answer& answer) const
{
    const auto packet = encode(answer);
    if (packet.size() > Answers::longest) return;
    [[maybe_unused]] const auto ignored = ::write(told_.writer.get(), packet.data(), packet.size());
}

User Getpw::ask(const std::string& local) const
{
    Pipe answer = make_pipe();
    const Fd nothing = open_file("/dev/null", O_RDONLY);
    Child child = spawn({.path = "bin/qmail-getpw",
                         .arguments = {"bin/qmail-getpw", local},
                         .environment = environment_,
                         .descriptors = {{0, nothing.get()}, {1, answer.writer.get()}},
                         .identity = identity_,
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
