// qmail-tcpto: shows which hosts did not answer of late.
#include "base/net/ip_address.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "remote/timeout_table.hpp"

#include <ctime>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>

namespace {

using namespace grapnel;

std::string line_for(const remote::TimeoutRecord& record, std::time_t now)
{
    return net::IpAddress::v4(record.address).text() + " timed out " +
           std::to_string(now - static_cast<std::time_t>(record.when)) +
           " seconds ago; # recent timeouts: " + std::to_string(record.count) + '\n';
}

// Scripts look for these words on descriptor 1.
int say_fatal(std::string_view what, int error)
{
    write_all(1,
              "fatal: unable to " + std::string(what) + ": " + std::string(reason(error)) + '\n');
    return 111;
}

int show()
{
    try {
        change_directory(home() + "/queue/lock");
    } catch (const std::system_error& error) {
        return say_fatal("chdir", error.code().value());
    }
    std::string text;
    try {
        for (const auto& record : remote::TimeoutTable("tcpto").read())
            if (record.count > 0) text += line_for(record, std::time(nullptr));
    } catch (const std::system_error& error) {
        return say_fatal("open tcpto", error.code().value());
    }
    write_all(1, text);
    return 0;
}

}

int main()
{
    try {
        return show();
    } catch (const std::exception&) {
        return 111;
    }
}
