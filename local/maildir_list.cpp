#include "local/maildir_list.hpp"

#include "base/sys/file.hpp"

#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <tuple>

namespace grapnel::local {

namespace {

constexpr std::time_t stale_after = 36 * 3600;

std::string_view up_to_colon(std::string_view name) { return name.substr(0, name.find(':')); }

}

std::string_view MaildirMessage::unique_name() const
{
    return up_to_colon(std::string_view(path).substr(4));
}

void remove_stale_files()
{
    std::vector<std::string> names;
    try {
        names = list_directory("tmp");
    } catch (const std::system_error&) {
        return;   // the next reader may have more luck
    }
    const auto now = std::time(nullptr);
    for (const auto& name : names) {
        if (name.starts_with('.')) continue;
        const std::string path = "tmp/" + name;
        struct stat about {};
        if (::stat(path.c_str(), &about) == 0 && now > about.st_atime + stale_after)
            ::unlink(path.c_str());
    }
}

namespace {

std::vector<std::string> scan(const std::string& directory)
{
    try {
        return list_directory(directory);
    } catch (const std::system_error& error) {
        throw CannotScan(error, directory);
    }
}

}

std::vector<MaildirMessage> list_maildir(const std::vector<std::string>& directories)
{
    std::vector<MaildirMessage> found;
    const auto now = std::time(nullptr);
    for (const auto& directory : directories) {
        for (const auto& name : scan(directory)) {
            if (name.starts_with('.')) continue;
            std::string path = directory + '/' + name;
            struct stat about {};
            if (::stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode) ||
                about.st_mtime >= now)
                continue;
            found.push_back(
                {std::move(path), about.st_mtime, static_cast<std::uint64_t>(about.st_size)});
        }
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
        return std::forward_as_tuple(a.when, a.path) < std::forward_as_tuple(b.when, b.path);
    });
    return found;
}

std::string find_moved(const MaildirMessage& message)
{
    for (const std::string directory : {"cur", "new"}) try {
            for (const auto& name : list_directory(directory))
                if (up_to_colon(name) == message.unique_name()) return directory + '/' + name;
        } catch (const std::system_error&) {
            // Then it is not found there.
        }
    return {};
}

}
