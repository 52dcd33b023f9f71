#include "support/temp_home.hpp"

#include "base/sys/cdb.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace grapnel::test {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t limit = 256 << 20;

// Other users must get into our homes, whoever runs this.
[[maybe_unused]] const auto umask_before = ::umask(022);

std::string binaries()
{
    const char* chosen = std::getenv("GRAPNEL_TEST_BIN");
    return chosen ? chosen : GRAPNEL_BIN;
}

std::string zero_joined(const std::vector<std::string>& parts)
{
    std::string result;
    for (const auto& part : parts)
        result += (&part == parts.data() ? "" : std::string(1, '\0')) + part;
    return result;
}

}

std::string slurp(const std::string& path) { return read_file_if_there(path, limit).value_or(""); }

void spill(const std::string& path, std::string_view bytes, unsigned mode)
{
    const Fd file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    write_all(file.get(), bytes, path);
    if (::fchmod(file.get(), mode) != 0) throw_errno("chmod", path);   // whatever our umask is
}

TempDirectory::TempDirectory()
{
    const char* base = std::getenv("TMPDIR");
    path_ = std::string(base && *base ? base : "/tmp") + "/grapnel-XXXXXX";
    if (!::mkdtemp(path_.data())) throw_errno("make", path_);
    if (::chmod(path_.c_str(), 0755) != 0) throw_errno("chmod", path_);
}

TempDirectory::~TempDirectory()
{
    // Programs that are just ending may still add a file: once more, then let it be.
    std::error_code ignored;
    for (int tries = 0; tries < 3; ++tries) {
        fs::remove_all(path_, ignored);
        if (!ignored) return;
    }
}

TempHome::TempHome(unsigned split)
{
    for (const auto* name :
         {"control", "users", "alias", "bin", "run", "run/spool", "run/send", "queue"})
        make_directory(*this / name, 0755);
    control("me", "here.example");
    make_queue(split);
    link_programs();
}

void TempHome::make_queue(unsigned split) const
{
    const std::string queue = *this / "queue/";
    for (const auto* name : {"pid", "intd", "todo", "bounce", "lock", "quarantine"})
        make_directory(queue + name, 0700);
    for (const std::string name : {"mess", "info", "local", "remote"}) {
        make_directory(queue + name, 0750);
        for (unsigned n = 0; n < split; ++n)
            make_directory(queue + name + '/' + std::to_string(n), 0750);
    }
    write("queue/lock/tcpto", std::string(1024, '\0'));
    write("queue/lock/sendmutex", "", 0600);
    if (::mkfifo((queue + "lock/trigger").c_str(), 0622) != 0)
        throw_errno("make", queue + "lock/trigger");
    if (::chmod((queue + "lock/trigger").c_str(), 0622) != 0)
        throw_errno("chmod", queue + "lock/trigger");
}

void TempHome::link_programs() const
{
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(binaries(), none)) {
        const auto name = entry.path().filename().string();
        fs::create_symlink(entry.path(), program(name));
    }
}

bool TempHome::built(std::string_view program)
{
    return fs::exists(binaries() + '/' + std::string(program));
}

void TempHome::control(std::string_view name, std::string_view text) const
{
    std::string bytes(text);
    if (!bytes.empty() && bytes.back() != '\n') bytes += '\n';
    write("control/" + std::string(name), bytes);
}

void TempHome::no_control(std::string_view name) const
{
    fs::remove_all(*this / ("control/" + std::string(name)));
}

std::string TempHome::user(const std::string& name)
{
    const std::string home = *this / ("home-" + name);
    make_directory(home, 0755);
    for (const auto* part : {"/Maildir", "/Maildir/new", "/Maildir/cur", "/Maildir/tmp"})
        make_directory(home + part, 0700);
    users_.push_back(name);

    const auto uid = std::to_string(::getuid());
    const auto gid = std::to_string(::getgid());
    std::string assign;
    CdbWriter cdb(*this / "users/cdb");
    cdb.add("", "-");
    for (const auto& user : users_) {
        const std::string his = *this / ("home-" + user);
        assign += '=' + user + ':' + user + ':' + uid + ':' + gid + ':' + his + ":::\n";
        assign += '+' + user + "-:" + user + ':' + uid + ':' + gid + ':' + his + ":-::\n";
        cdb.add('!' + user + '\0', zero_joined({user, uid, gid, his, "", ""}));
        cdb.add('!' + user + '-', zero_joined({user, uid, gid, his, "-", ""}));
    }
    cdb.finish();
    write("users/assign", assign + ".\n");
    return home;
}

void TempHome::write(std::string_view name, std::string_view bytes, unsigned mode) const
{
    spill(*this / name, bytes, mode);
}

std::string TempHome::read(std::string_view name) const { return slurp(*this / name); }

std::vector<std::string> TempHome::environment(const std::vector<std::string>& more) const
{
    std::vector<std::string> result{"QMAILHOME=" + path(),
                                    "PATH=" + path() + "/bin:/usr/local/bin:/usr/bin:/bin"};
    for (const std::string name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TMPDIR"}) {
        const bool replaced = std::any_of(more.begin(), more.end(), [&](const auto& entry) {
            return entry.starts_with(name + '=');
        });
        if (const char* value = std::getenv(name.c_str()); value && !replaced)
            result.push_back(name + '=' + value);
    }
    result.insert(result.end(), more.begin(), more.end());
    return result;
}

std::vector<std::string> TempHome::queue_files() const
{
    std::vector<std::string> result;
    const std::string queue = *this / "queue/";
    for (const std::string folder :
         {"pid", "intd", "todo", "bounce", "mess", "info", "local", "remote"}) {
        std::error_code ignored;   // files and directories may go while we look
        for (fs::recursive_directory_iterator entry(queue + folder, ignored), end; entry != end;
             entry.increment(ignored)) {
            if (ignored) break;
            std::error_code gone;
            if (entry->is_regular_file(gone))
                result.push_back(entry->path().string().substr(queue.size()));
        }
    }
    std::sort(result.begin(), result.end());
    return result;
}

}
