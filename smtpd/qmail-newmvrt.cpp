// control/morevalidrcptto becomes control/morevalidrcptto.cdb. qmail-newmvrt(8).
#include "base/sys/program.hpp"
#include "smtpd/compiled_list.hpp"

int main()
{
    return grapnel::run("qmail-newmvrt", [] {
        grapnel::smtpd::compile_list("morevalidrcptto");
        return 0;
    });
}
