// The exit codes by which qmail-getpw and the child of qmail-lspawn say what went wrong before
// qmail-local could run (contract 6.1). qmail-local itself never ends with one of them.
#pragma once

namespace grapnel::local::exit_code {

inline constexpr int usage = 112, root = 113, home_unreachable = 115, no_alias = 116, table = 117,
                     system = 118, memory = 119, exec_later = 120, exec_getpw = 121,
                     exec_never = 126;

}
