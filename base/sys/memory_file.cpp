#include "base/sys/memory_file.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"

#include <fcntl.h>
#include <sys/mman.h>

namespace grapnel {

namespace {
constexpr int all_of_it = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK;
}

Fd make_memory_file(const char* name)
{
    Fd file(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file) throw_errno("unable to make a file in memory");
    return file;
}

void seal(int memory_file)
{
    if (::fcntl(memory_file, F_ADD_SEALS, all_of_it | F_SEAL_SEAL) != 0)
        throw_errno("unable to seal a file in memory");
}

Fd sealed_file(std::string_view bytes)
{
    Fd file = make_memory_file("message");
    write_all(file.get(), bytes, "a file in memory");
    seal(file.get());
    return file;
}

bool is_sealed(int descriptor)
{
    const int seals = ::fcntl(descriptor, F_GET_SEALS);
    return seals >= 0 && (seals & all_of_it) == all_of_it;
}

}
