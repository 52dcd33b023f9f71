#include "send/outcome_file.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "send/broken.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

namespace grapnel::send {

namespace {

constexpr std::size_t longest_file = 256u << 20;
constexpr off_t longest_line = 16384;   // encoded

// Returns the size without a torn line, having cut that off.
off_t mend(int file, const std::string& path)
{
    const off_t size = status(file, path).st_size;
    const off_t look = std::min(size, longest_line);
    std::string end(static_cast<std::size_t>(look), '\0');
    if (::pread(file, end.data(), end.size(), size - look) != look)
        throw_errno("unable to read", path);
    const off_t whole = size - static_cast<off_t>(torn_line(end));
    if (whole < size && ::ftruncate(file, whole) != 0) throw_errno("unable to truncate", path);
    return whole;
}

}

std::string outcome_file(queue::MessageNumber n) { return queue::Spool::bounce(n) + ".dsn"; }

void write_outcomes(queue::MessageNumber n, std::string_view lines)
{
    const auto path = outcome_file(n);
    const Fd file = open_file(path, O_RDWR | O_CREAT, 0600);
    const off_t end = mend(file.get(), path);
    try {
        write_at(file.get(), lines, end, path);
    } catch (const std::system_error&) {
        [[maybe_unused]] const int ignored = ::ftruncate(file.get(), end);
        throw;
    }
}

void append_outcomes(queue::MessageNumber n, std::string_view lines)
{
    write_outcomes(n, lines);
    const auto path = outcome_file(n);
    durably([&] {
        sync(open_read(path).get(), path);
        sync_directory("bounce");
    });
}

Outcomes outcomes_on_file(queue::MessageNumber n)
{
    const auto bytes = read_file_if_there(outcome_file(n), longest_file);
    return bytes ? read_outcomes(*bytes) : Outcomes{};
}

}
