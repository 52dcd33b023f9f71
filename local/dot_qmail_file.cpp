#include "local/dot_qmail_file.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/log.hpp"
#include "base/sys/program.hpp"
#include "build_config.hpp"
#include "local/dot_qmail.hpp"

#include <fcntl.h>

#include <cerrno>

namespace grapnel::local {

namespace {

constexpr mode_t writable_by_others = build::paternalism;
constexpr std::size_t longest_file = std::size_t{64} << 20;

[[noreturn]] void stop_unable(std::string_view what, std::string_view name, int error)
{
    throw Stop{111, std::string(what) + std::string(name) + ": " + std::string(reason(error)) +
                        ". (#4.3.0)"};
}

std::optional<DotQmailFile> read_candidate(const Candidate& candidate)
{
    const Fd file(::open(candidate.name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!file) {
        if (is_temporary(errno) || errno == EPERM || errno == EACCES)
            stop_unable("Unable to open ", candidate.name, errno);
        return std::nullopt;
    }
    struct stat about {};
    if (::fstat(file.get(), &about) != 0) stop_unable("Unable to open ", candidate.name, errno);
    if (!S_ISREG(about.st_mode)) return std::nullopt;
    if (about.st_mode & writable_by_others)
        throw Stop{111, "Uh-oh: .qmail file is writable. (#4.7.0)"};
    try {
        return DotQmailFile{read_all(file.get(), longest_file), (about.st_mode & S_IXUSR) != 0,
                            candidate.rest};
    } catch (const std::system_error& error) {
        stop_unable("Unable to read ", candidate.name, error.code().value());
    }
}

bool exists(const std::optional<std::string>& name)
{
    if (!name) return false;
    struct stat about {};
    if (::stat(name->c_str(), &about) == 0) return true;
    if (is_temporary(errno)) stop_unable("Unable to open ", *name, errno);
    return false;
}

}

void check_home(bool dry_run)
{
    struct stat about {};
    if (::stat(".", &about) != 0) stop_unable("Unable to stat home directory", "", errno);
    if (about.st_mode & writable_by_others)
        throw Stop{111, "Uh-oh: home directory is writable. (#4.7.0)"};
    if (!(about.st_mode & S_ISVTX)) return;
    if (!dry_run)
        throw Stop{111, "Home directory is sticky: user is editing his .qmail file. (#4.2.1)"};
    log_line(2, "Warning: home directory is sticky.");
}

std::optional<DotQmailFile> find_dot_qmail(const Options& options)
{
    for (const auto& candidate : dot_qmail_names(options.dash, options.extension))
        if (auto found = read_candidate(candidate)) return found;
    if (!options.dash.empty()) throw Stop{100, "Sorry, no mailbox here by that name. (#5.1.1)"};
    return std::nullopt;
}

std::string forwarding_sender(const Options& options)
{
    if (options.sender.empty() || options.sender == "#@[]") return options.sender;
    if (!exists(owner_file(options.dash, options.extension, "-owner"))) return options.sender;
    if (exists(owner_file(options.dash, options.extension, "-owner-default")))
        return options.local + "-owner-@" + options.domain + "-@[]";
    return options.local + "-owner@" + options.domain;
}

}
