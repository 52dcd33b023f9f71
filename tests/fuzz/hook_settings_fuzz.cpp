// One file of control/hooks/NAME/: its name is the first line, its content the rest. Settings are
// sensible or there is an error; what a secret file holds is in none.
#include "base/sys/file.hpp"
#include "fuzz/require.hpp"
#include "hooks/scanner/scanner_settings.hpp"

#include <fcntl.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

using namespace grapnel;

namespace {

void put(const std::string& path, std::string_view text)
{
    const Fd file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    write_all(file.get(), text);
}

// In the current directory, always under the same name: the same seed then makes the same inputs.
class Home {
public:
    Home()
    {
        std::filesystem::remove_all(path);
        std::filesystem::create_directories(directory());
    }
    ~Home() { std::filesystem::remove_all(path); }
    std::string directory() const { return path + "/hooks/x"; }
    std::string path = "hook_settings.home";
};

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const Home home;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto name = std::string(input.substr(0, input.find('\n')));
    const auto content = input.substr(std::min(input.size(), name.size() + 1));
    if (name.empty() || name.size() > 64 || name.find('/') != name.npos || name[0] == '.' ||
        name.find('\0') != name.npos)
        return 0;
    for (const auto& old : list_directory(home.directory()))
        remove_file(home.directory() + '/' + old);
    put(home.directory() + "/url", "https://scanner.example/\n");
    put(home.directory() + "/stages", "data\n");
    put(home.directory() + "/token", "secret\n");
    put(home.directory() + '/' + name, content);
    const auto read = hooks::read_scanner(home.path, "x", true);
    const auto& settings = read.settings;
    for (const auto& error : read.errors) {
        require(error.size() < 1000);
        for (const char c : error) require(c >= 32 && c < 127);
    }
    require(!settings.stages.empty());
    for (const auto& time : settings.timeouts)
        require(!time || (time->count() >= 1 && time->count() <= 60));
    require(settings.max_inflight >= 1 && settings.max_inflight <= 10000);
    require(settings.breaker_open.count() >= 1 && settings.breaker_open.count() <= 300);
    if (read.errors.empty()) require(!settings.url.empty() || !settings.register_url.empty());
    return 0;
}
