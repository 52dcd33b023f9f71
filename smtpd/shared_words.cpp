#include "smtpd/shared_words.hpp"

#include "base/sys/error.hpp"

#include <atomic>
#include <cstring>
#include <new>
#include <string>

#include <sys/mman.h>

namespace grapnel::smtpd {

// Each word between two NULs.
struct SharedWords::Memory {
    static constexpr std::size_t room = 1u << 20;
    std::atomic<std::size_t> size{1};
    char bytes[room]{};
};

SharedWords::SharedWords() : memory_(nullptr)
{
    void* const place =
        ::mmap(nullptr, sizeof(Memory), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED) throw_errno("unable to share memory");
    memory_ = static_cast<Memory*>(place);
    new (&memory_->size) std::atomic<std::size_t>(1);   // the rest is zero, and stays untouched
}

void SharedWords::close()
{
    if (memory_) ::munmap(memory_, sizeof(Memory));
    memory_ = nullptr;
}

void SharedWords::add(std::string_view word) const
{
    if (!memory_ || word.empty() || word.size() + 2 > Memory::room || contains(word)) return;
    auto size = memory_->size.load(std::memory_order_relaxed);
    if (Memory::room - size < word.size() + 1) size = 1;
    std::memcpy(memory_->bytes + size, word.data(), word.size());
    memory_->bytes[size + word.size()] = '\0';
    memory_->size.store(size + word.size() + 1, std::memory_order_release);
}

bool SharedWords::contains(std::string_view word) const
{
    if (!memory_ || word.find('\0') != std::string_view::npos) return false;
    const auto size = memory_->size.load(std::memory_order_acquire);
    std::string needle(1, '\0');
    needle.append(word).push_back('\0');
    return std::string_view(memory_->bytes, size).find(needle) != std::string_view::npos;
}

}
