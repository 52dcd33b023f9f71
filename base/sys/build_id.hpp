// Of which build a program is: the linker's build ID, which its file has in its first page.
// Programs know the ones of others of their own build (cmake/build_id.cmake), and so whether what
// lies in bin/ is one of them.
#pragma once

#include <string>
#include <string_view>

namespace grapnel {

// In hexadecimal digits, and empty where the linker gave none. Written while building, into those
// programs that ask.
extern const char id_of_qmail_inject[], id_of_qmail_local[], id_of_qmail_queue[];

// False too where the file cannot be read, and for the empty id.
bool has_build_id(const std::string& path, std::string_view id);

}
