// qmail-smtpd: takes mail by SMTP, from one client on descriptors 0 and 1, or from all who connect.
#include "base/arguments.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/fd.hpp"
#include "base/sys/program.hpp"
#include "smtpd/one_session.hpp"
#include "smtpd/options.hpp"
#include "smtpd/server.hpp"

int main(int argc, char** argv)
{
    using namespace grapnel;
    return run("qmail-smtpd", [&] {
        ensure_standard_descriptors();
        const auto options = smtpd::parse_options(argument_words(argc, argv));
        if (!options) throw Stop{100, options.error().text};
        const auto environment = Environment::of_process();
        if (options->listen.empty()) return smtpd::run_one_session(*options, environment);
        return smtpd::run_server(*options, environment);
    });
}
