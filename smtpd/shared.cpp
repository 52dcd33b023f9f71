#include "smtpd/shared.hpp"

#include "base/sys/error.hpp"

#include <sys/mman.h>

#include <new>
#include <random>

namespace grapnel::smtpd {

void WorkerPart::clear()
{
    waiting = 0;
    clients.clear();
}

Shared::Shared(std::size_t workers)
{
    void* memory = ::mmap(nullptr, workers * sizeof(WorkerPart), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw_errno("unable to get shared memory");
    parts_ = {new (memory) WorkerPart[workers]{}, workers};
    std::random_device random;
    seed_ = std::uint64_t{random()} << 32 | random();
}

Shared::~Shared() { ::munmap(parts_.data(), parts_.size_bytes()); }

}
