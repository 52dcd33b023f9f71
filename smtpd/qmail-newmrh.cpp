// control/morercpthosts becomes control/morercpthosts.cdb. qmail-newmrh(8).
#include "base/sys/program.hpp"
#include "smtpd/compiled_list.hpp"

int main()
{
    return grapnel::run("qmail-newmrh", [] {
        grapnel::smtpd::compile_list("morercpthosts");
        return 0;
    });
}
