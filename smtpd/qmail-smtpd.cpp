// qmail-smtpd: takes mail by SMTP. One session on descriptors 0 and 1.
#include "base/sys/environment.hpp"
#include "base/sys/fd.hpp"
#include "base/sys/program.hpp"
#include "smtpd/one_session.hpp"

int main()
{
    using namespace grapnel;
    return run(
        "qmail-smtpd",
        [] {
            ensure_standard_descriptors();
            return smtpd::run_one_session(Environment::of_process());
        },
        1);
}
