#include "local/lab.hpp"

#include "base/sys/file.hpp"

#include <algorithm>

namespace grapnel::test {

LocalLab::LocalLab() : home_(room_ / "joe") { make_directory(home_, 0755); }

void LocalLab::make_maildir(const std::string& name) const
{
    for (const auto* part : {"", "/tmp", "/new", "/cur"})
        make_directory(*this / (name + part), 0700);
}

Launch LocalLab::launch(const std::vector<std::string>& before) const
{
    Launch launch{.argv = before, .environment = qmail.environment()};
    for (const auto& argument :
         {qmail.program("qmail-local"), std::string("--"), std::string("joe"), home_,
          std::string("joe"), std::string(), std::string(), std::string("here.example"),
          std::string("s@far.example"), std::string("./Mailbox")})
        launch.argv.push_back(argument);
    return launch;
}

Finished LocalLab::deliver_file(const std::string& path, const std::vector<std::string>& before,
                                milliseconds limit) const
{
    const Fd message = open_read(path);
    Launch started = launch(before);
    started.descriptors = {{0, message.get()}};
    return run(std::move(started), {}, limit);
}

Finished LocalLab::deliver(std::string_view message, const std::vector<std::string>& before,
                           milliseconds limit) const
{
    const TempDirectory file;
    spill(file / "message", message);
    return deliver_file(file / "message", before, limit);
}

std::vector<std::string> LocalLab::delivered(const std::string& name) const
{
    auto names = list_directory(*this / (name + "/new"));
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::string> LocalLab::unfinished(const std::string& name) const
{
    return list_directory(*this / (name + "/tmp"));
}

}
