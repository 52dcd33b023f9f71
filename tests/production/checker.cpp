// A checkpassword program as people install them: it reads what only root may read, becomes the
// user and runs what follows. argv: the file of "USER:PASSWORD:UID:GID:HOME" lines, then the
// program.
#include <cstdlib>
#include <fstream>
#include <grp.h>
#include <string>
#include <sys/types.h>
#include <unistd.h>

namespace {

std::string field(std::string& line)
{
    const auto colon = line.find(':');
    std::string first = line.substr(0, colon);
    line.erase(0, colon == std::string::npos ? colon : colon + 1);
    return first;
}

}

int main(int argc, char** argv)
{
    if (argc < 3) return 2;
    std::string asked(512, '\0');
    const ssize_t count = ::read(3, asked.data(), asked.size());
    if (count <= 0) return 111;
    const std::string user = asked.c_str(), password = asked.c_str() + user.size() + 1;
    std::ifstream file(argv[1]);
    if (!file) return 111;
    for (std::string line; std::getline(file, line);) {
        if (field(line) != user || field(line) != password) continue;
        const auto uid = static_cast<uid_t>(std::stoul(field(line)));
        const auto gid = static_cast<gid_t>(std::stoul(field(line)));
        if (::setgroups(1, &gid) != 0 || ::setgid(gid) != 0 || ::setuid(uid) != 0) return 111;
        if (::chdir(line.c_str()) != 0) return 111;
        ::setenv("USER", user.c_str(), 1);
        ::setenv("HOME", line.c_str(), 1);
        ::execvp(argv[2], argv + 2);
        return 111;
    }
    return 1;
}
