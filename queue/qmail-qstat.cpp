// qmail-qstat(8): how many messages are in the queue. Counts every regular file under mess/* and
// todo.
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/log.hpp"
#include "base/sys/program.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <vector>

using namespace grapnel;

namespace {

// What cannot be read is said and not counted. What vanishes meanwhile was delivered.
class Count {
public:
    explicit Count(bool& complete) : complete_(complete) {}

    std::size_t files_below(const std::string& directory, bool hidden = true)
    {
        std::size_t files = 0;
        std::vector<std::string> names;
        try {
            names = list_directory(directory);
        } catch (const std::system_error& error) {
            complain(directory, error.code().value());
        }
        for (const auto& name : names) {
            if (!hidden && name.front() == '.') continue;
            struct stat about {};
            const auto path = directory + '/' + name;
            if (::lstat(path.c_str(), &about) != 0)
                complain(path, errno);
            else if (S_ISDIR(about.st_mode))
                files += files_below(path);
            else if (S_ISREG(about.st_mode))
                ++files;
        }
        return files;
    }

private:
    void complain(const std::string& path, int error)
    {
        if (error == ENOENT && path.find('/') != std::string::npos) return;
        complete_ = false;
        log_line(2, "qmail-qstat: warning: unable to look at " + path + ": " +
                        std::string(reason(error)));
    }

    bool& complete_;
};

}

int main()
{
    return run("qmail-qstat", [] {
        change_directory(home() + "/queue");
        bool complete = true;
        Count count(complete);
        const auto queued = std::to_string(count.files_below("mess", false));
        const auto unprocessed = std::to_string(count.files_below("todo"));
        write_all(1, "messages in queue: " + queued +
                         "\nmessages in queue but not yet preprocessed: " + unprocessed + '\n');
        return complete ? 0 : 111;
    });
}
