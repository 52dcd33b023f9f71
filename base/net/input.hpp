// What was read from a connection and not yet consumed. It stays where it was read to, in the one
// room that all connections of the loop's thread read into, until another wants to read: only then
// is it copied to memory of its own. A connection at rest has none. Not to be moved.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace grapnel::net {

class Input {
public:
    static constexpr std::size_t room_size = 65536;

    Input() = default;
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;
    ~Input() { leave_room(); }

    std::string_view bytes() const;   // until the next consume() or anybody's room()
    void consume(std::size_t count);

    // Where to read to; then how much came. Nothing else is asked of any Input in between.
    std::array<char, room_size>& room();
    void add(std::size_t count);

private:
    struct Room;
    static Room& shared_room();
    void keep();
    void leave_room();

    std::string_view fresh_;   // in the room
    std::string kept_;         // empty while there is something fresh
    std::size_t begin_ = 0;    // of what is not consumed of it
};

}
