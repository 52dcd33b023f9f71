#include "base/net/input.hpp"

#include <utility>

namespace grapnel::net {

struct Input::Room {
    std::array<char, room_size> bytes;
    Input* guest;   // whose fresh bytes are there
};

Input::Room& Input::shared_room()
{
    static thread_local Room room;   // zero from the beginning
    return room;
}

std::string_view Input::bytes() const
{
    return fresh_.empty() ? std::string_view(kept_).substr(begin_) : fresh_;
}

void Input::consume(std::size_t count)
{
    if (!fresh_.empty()) {
        fresh_.remove_prefix(count);
        if (fresh_.empty()) leave_room();
        return;
    }
    begin_ += count;
    if (begin_ < kept_.size()) return;
    begin_ = 0;
    std::string().swap(kept_);
}

std::array<char, Input::room_size>& Input::room()
{
    auto& shared = shared_room();
    if (shared.guest) shared.guest->keep();
    return shared.bytes;
}

void Input::add(std::size_t count)
{
    auto& shared = shared_room();
    const std::string_view came(shared.bytes.data(), count);
    if (!kept_.empty()) {
        kept_.erase(0, std::exchange(begin_, 0));
        kept_.append(came);
        return;
    }
    fresh_ = came;
    shared.guest = this;
}

void Input::keep()
{
    kept_ = fresh_;
    leave_room();
}

void Input::leave_room()
{
    fresh_ = {};
    auto& shared = shared_room();
    if (shared.guest == this) shared.guest = nullptr;
}

}
