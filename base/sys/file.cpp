#include "base/sys/file.hpp"

#include "base/sys/error.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <tuple>

namespace grapnel {

Fd open_file(const std::string& path, int flags, mode_t mode)
{
    Fd file(::open(path.c_str(), flags | O_CLOEXEC, mode));
    if (!file) throw_errno("unable to open", path);
    return file;
}

Fd open_read(const std::string& path) { return open_file(path, O_RDONLY); }

std::optional<Fd> open_if_there(const std::string& path)
{
    Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file && errno == ENOENT) return std::nullopt;
    if (!file) throw_errno("unable to open", path);
    return file;
}

namespace {

std::size_t read_piece(int descriptor, char* buffer, std::size_t size, std::string_view name)
{
    for (;;) {
        const auto count = ::read(descriptor, buffer, size);
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno != EINTR) throw_errno("unable to read", name);
    }
}

}

std::size_t read_some(int descriptor, char* buffer, std::size_t size)
{
    return read_piece(descriptor, buffer, size, {});
}

std::string read_all(int descriptor, std::size_t limit, std::string_view name)
{
    std::string whole(1024, '\0');   // most files we read whole are a line or two
    std::size_t size = 0;
    while (const auto count =
               read_piece(descriptor, whole.data() + size, whole.size() - size, name)) {
        size += count;
        if (size > limit) throw_error(EFBIG, "unable to read", name);
        if (size == whole.size()) whole.resize(2 * size);
    }
    whole.resize(size);
    return whole;
}

std::string read_file(const std::string& path, std::size_t limit)
{
    return read_all(open_read(path).get(), limit, path);
}

std::optional<std::string> read_file_if_there(const std::string& path, std::size_t limit)
{
    const auto file = open_if_there(path);
    if (!file) return std::nullopt;
    return read_all(file->get(), limit, path);
}

void write_all(int descriptor, std::string_view bytes, std::string_view name)
{
    while (!bytes.empty()) {
        const auto count = ::write(descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_errno("unable to write", name);
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

void write_at(int descriptor, std::string_view bytes, off_t offset, std::string_view name)
{
    while (!bytes.empty()) {
        const auto count = ::pwrite(descriptor, bytes.data(), bytes.size(), offset);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_errno("unable to write", name);
        bytes.remove_prefix(static_cast<std::size_t>(count));
        offset += count;
    }
}

void sync(int descriptor, std::string_view name)
{
    if (::fsync(descriptor) != 0) throw_errno("unable to fsync", name);
}

void sync_data(int descriptor, std::string_view name)
{
    if (::fdatasync(descriptor) != 0) throw_errno("unable to fdatasync", name);
}

void sync_directory(const std::string& path)
{
    sync(open_file(path, O_RDONLY | O_DIRECTORY).get(), path);
}

void link_file(const std::string& from, const std::string& to)
{
    if (::link(from.c_str(), to.c_str()) != 0) throw_errno("unable to link", from + " to " + to);
}

void rename_file(const std::string& from, const std::string& to)
{
    if (::rename(from.c_str(), to.c_str()) != 0)
        throw_errno("unable to rename", from + " to " + to);
}

bool remove_file(const std::string& path)
{
    if (::unlink(path.c_str()) == 0) return true;
    if (errno != ENOENT) throw_errno("unable to unlink", path);
    return false;
}

void make_directory(const std::string& path, mode_t mode)
{
    if (::mkdir(path.c_str(), mode) != 0) throw_errno("unable to make directory", path);
}

void change_directory(const std::string& path)
{
    if (::chdir(path.c_str()) != 0) throw_errno("unable to switch to", path);
}

struct stat status(int descriptor, std::string_view name)
{
    struct stat result {};
    if (::fstat(descriptor, &result) != 0) throw_errno("unable to stat", name);
    return result;
}

std::optional<struct stat> status_if_there(const std::string& path)
{
    struct stat result {};
    if (::stat(path.c_str(), &result) == 0) return result;
    if (errno != ENOENT) throw_errno("unable to stat", path);
    return std::nullopt;
}

bool is_unchanged(const struct stat& before, const struct stat& now)
{
    const auto facts = [](const struct stat& s) {
        return std::tuple(s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec,
                          s.st_ctim.tv_sec, s.st_ctim.tv_nsec);
    };
    return facts(before) == facts(now);
}

void set_times(const std::string& path, std::time_t when)
{
    const struct timespec times[2] = {{when, 0}, {when, 0}};
    if (::utimensat(AT_FDCWD, path.c_str(), times, 0) != 0) throw_errno("unable to utime", path);
}

std::vector<std::string> list_directory(const std::string& path)
{
    struct Close {
        void operator()(DIR* directory) const { ::closedir(directory); }
    };
    const std::unique_ptr<DIR, Close> directory(::opendir(path.c_str()));
    if (!directory) throw_errno("unable to opendir", path);
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const auto* entry = ::readdir(directory.get());
        if (!entry && errno != 0) throw_errno("unable to readdir", path);
        if (!entry) return names;
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
}

Writer::Writer(int descriptor, std::string name, std::size_t capacity)
    : descriptor_(descriptor), name_(std::move(name)), capacity_(capacity)
{
    buffer_.reserve(capacity);
}

void Writer::write(std::string_view bytes)
{
    if (buffer_.size() + bytes.size() > capacity_) flush();
    if (bytes.size() >= capacity_) return write_all(descriptor_, bytes, name_);
    buffer_ += bytes;
}

void Writer::flush()
{
    write_all(descriptor_, buffer_, name_);
    buffer_.clear();
}

Reader::Reader(int descriptor, std::size_t capacity)
    : descriptor_(descriptor),
      buffer_(std::make_unique_for_overwrite<char[]>(capacity)),
      capacity_(capacity)
{
}

std::string_view Reader::available()
{
    if (begin_ == end_) {
        begin_ = 0;
        end_ = read_some(descriptor_, buffer_.get(), capacity_);
    }
    return {buffer_.get() + begin_, end_ - begin_};
}

void Reader::consume(std::size_t count) { begin_ += count; }

std::optional<std::string> Reader::line(std::size_t limit, bool* had_newline)
{
    std::string text;
    for (;;) {
        const auto piece = available();
        if (had_newline) *had_newline = false;
        if (piece.empty()) return text.empty() ? std::nullopt : std::optional(std::move(text));
        const auto end = piece.find('\n');
        text += piece.substr(0, end);
        if (text.size() > limit) throw_error(EMSGSIZE, "line too long");
        if (end == std::string_view::npos) {
            consume(piece.size());
            continue;
        }
        consume(end + 1);
        if (had_newline) *had_newline = true;
        return text;
    }
}

std::optional<std::string> Reader::record(char terminator, std::size_t limit)
{
    std::string text;
    for (;;) {
        const auto piece = available();
        if (piece.empty()) return std::nullopt;
        const auto end = piece.find(terminator);
        text += piece.substr(0, end);
        if (text.size() > limit) throw_error(EMSGSIZE, "record too long");
        consume(end == std::string_view::npos ? piece.size() : end + 1);
        if (end != std::string_view::npos) return text;
    }
}

}
