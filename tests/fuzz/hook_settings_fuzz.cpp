// One file of control/hooks/NAME/: its name is the first line, its content the rest. Settings are
// sensible or there is an error; what a secret file holds is in none.
#include "base/sys/file.hpp"
#include "hooks/scanner/scanner_settings.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace grapnel;

namespace {

void require(bool claim)
{
    if (!claim) std::abort();
}

void put(const std::string& path, std::string_view text)
{
    const Fd file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    write_all(file.get(), text);
}

// Made once, gone with the process.
class Home {
public:
    Home()
    {
        std::array<char, 32> name{"/tmp/grapnel-fuzz-XXXXXX"};
        require(::mkdtemp(name.data()) != nullptr);
        path = name.data();
        make_directory(path + "/hooks", 0700);
        make_directory(directory(), 0700);
    }
    ~Home()
    {
        for (const auto& name : list_directory(directory())) remove_file(directory() + '/' + name);
        ::rmdir(directory().c_str());
        ::rmdir((path + "/hooks").c_str());
        ::rmdir(path.c_str());
    }
    std::string directory() const { return path + "/hooks/x"; }
    std::string path;
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
