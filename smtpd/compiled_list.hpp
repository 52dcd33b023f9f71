// A list of control/ becomes a table beside it: qmail-newmrh, qmail-newmvrt.
#pragma once

#include <string>

namespace grapnel::smtpd {

// control/NAME becomes control/NAME.cdb, in lower case, in one step. Throws Stop (111).
void compile_list(const std::string& name);

}
