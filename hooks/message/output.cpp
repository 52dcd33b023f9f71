#include "base/sys/file.hpp"
#include "base/sys/nameless_file.hpp"
#include "hooks/message/message.hpp"
#include "hooks/message/state.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace grapnel::hooks {

namespace {

constexpr std::size_t in_memory_up_to = 64 * 1024;

[[noreturn]] void refuse(const std::string& what)
{
    throw std::system_error(errno, std::generic_category(), what);
}

void write_pieces(int descriptor, const std::vector<std::string_view>& pieces)
{
    grapnel::Writer writer(descriptor, "message", in_memory_up_to);
    for (const auto piece : pieces) writer.write(piece);
    writer.flush();
}

// Nobody who gets it can write to it, however he opens it again.
Fd write_sealed(const std::vector<std::string_view>& pieces)
{
    Fd memory(::memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory) refuse("message in memory");
    write_pieces(memory.get(), pieces);
    if (::lseek(memory.get(), 0, SEEK_SET) != 0 ||
        ::fcntl(memory.get(), F_ADD_SEALS,
                F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
        refuse("message in memory");
    return memory;
}

Fd write_nameless(const std::vector<std::string_view>& pieces, const std::string& directory)
{
    Fd file = make_nameless_file(directory);
    write_pieces(file.get(), pieces);
    Fd reader(
        ::open(("/proc/self/fd/" + std::to_string(file.get())).c_str(), O_RDONLY | O_CLOEXEC));
    if (reader) return reader;
    // Without /proc it stays writable for whom it is given to: he could only spoil his own message.
    if (::lseek(file.get(), 0, SEEK_SET) != 0) refuse("message");
    return file;
}

}

struct Message::Reader::State {
    std::shared_ptr<const MessageState> message;   // owns what the pieces look at
    std::vector<std::string_view> pieces;
    std::size_t as_they_are;   // from this piece on
    std::size_t piece = 0;
    bool line_feed_due = false;
};

Message::Reader::Reader(const Message& message)
{
    const auto& from = message.state_;
    auto pieces = from->binary ? from->header_pieces() : from->pieces();
    const auto as_they_are = pieces.size();
    if (from->binary)
        for (const auto piece : from->body_pieces()) pieces.push_back(piece);
    state_ = std::make_unique<State>(State{from, std::move(pieces), as_they_are});
}
Message::Reader::Reader(Reader&&) noexcept = default;
Message::Reader::~Reader() = default;

std::size_t Message::Reader::read(char* room, std::size_t size)
{
    std::size_t filled = 0;
    auto& [message, pieces, as_they_are, piece, line_feed_due] = *state_;
    while (filled < size && piece < pieces.size()) {
        auto& text = pieces[piece];
        if (text.empty()) {
            ++piece;
        } else if (text.front() == '\n' && piece < as_they_are) {
            room[filled++] = line_feed_due ? '\n' : '\r';
            if (line_feed_due) text.remove_prefix(1);
            line_feed_due = !line_feed_due;
        } else {
            auto run = text.substr(0, size - filled);
            if (piece < as_they_are) run = run.substr(0, run.find('\n'));
            std::memcpy(room + filled, run.data(), run.size());
            filled += run.size();
            text.remove_prefix(run.size());
        }
    }
    return filled;
}

Fd Message::write(const std::string& directory) const
{
    const auto pieces = state_->pieces();
    std::size_t size = 0;
    for (const auto piece : pieces) size += piece.size();
    return size <= in_memory_up_to ? write_sealed(pieces) : write_nameless(pieces, directory);
}

}
