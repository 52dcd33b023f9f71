// qmail-tcpok: forgets which hosts did not answer.
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "remote/timeout_table.hpp"

#include <string>
#include <system_error>

using namespace grapnel;

int main()
{
    return run("qmail-tcpok", [] {
        const std::string directory = home() + "/queue/lock";
        const auto stop = [](const std::string& what, const std::system_error& error) {
            return Stop{111, "fatal: unable to " + what + ": " +
                                 std::string(reason(error.code().value()))};
        };
        try {
            change_directory(directory);
        } catch (const std::system_error& error) {
            throw stop("chdir to " + directory, error);
        }
        try {
            remote::TimeoutTable("tcpto").clear();
        } catch (const std::system_error& error) {
            throw stop("write " + directory + "/tcpto", error);
        }
        return 0;
    });
}
