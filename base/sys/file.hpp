// Files as the mail system uses them: whole reads with limits, whole writes, explicit syncs.
// Everything throws std::system_error that names the file, except where absence is an answer.
#pragma once

#include "base/sys/fd.hpp"

#include <sys/stat.h>

#include <cstddef>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel {

Fd open_file(const std::string& path, int flags, mode_t mode = 0);   // O_CLOEXEC is added
Fd open_read(const std::string& path);
std::optional<Fd> open_if_there(const std::string& path);   // nullopt: ENOENT

// One read, EINTR retried. 0: end of file. Throws on error (EAGAIN included).
std::size_t read_some(int descriptor, char* buffer, std::size_t size);
// To the end of the file; more than limit bytes is EFBIG.
std::string read_all(int descriptor, std::size_t limit, std::string_view name = "input");
std::string read_file(const std::string& path, std::size_t limit);
std::optional<std::string> read_file_if_there(const std::string& path, std::size_t limit);

void write_all(int descriptor, std::string_view bytes, std::string_view name = "output");
void write_at(int descriptor, std::string_view bytes, off_t offset, std::string_view name);

// Once, never retried: after a failed fsync the pages count as clean and a second one proves
// nothing.
void sync(int descriptor, std::string_view name);
void sync_data(int descriptor, std::string_view name);
void sync_directory(const std::string& path);

void link_file(const std::string& from, const std::string& to);
void rename_file(const std::string& from, const std::string& to);
bool remove_file(const std::string& path);   // false: was not there
void make_directory(const std::string& path, mode_t mode);
void change_directory(const std::string& path);

struct stat status(int descriptor, std::string_view name = "descriptor");
std::optional<struct stat> status_if_there(const std::string& path);   // follows links

// Both are of one file that was not changed in between, by its inode, size and times.
bool is_unchanged(const struct stat& before, const struct stat& now);

void set_times(const std::string& path, std::time_t when);   // atime and mtime

// Names in a directory but "." and "..", in no order. Throws when it cannot be opened or read.
std::vector<std::string> list_directory(const std::string& path);

// Buffered writing to a descriptor it does not own. flush() before the end: the destructor writes
// nothing.
class Writer {
public:
    explicit Writer(int descriptor, std::string name = "output", std::size_t capacity = 8192);
    void write(std::string_view bytes);
    void flush();

private:
    int descriptor_;
    std::string name_;
    std::string buffer_;
    std::size_t capacity_;
};

// Buffered reading from a descriptor it does not own.
class Reader {
public:
    explicit Reader(int descriptor, std::size_t capacity = 8192);
    // What is buffered, filling it when empty; empty at the end of input. Valid until the next
    // call.
    std::string_view available();
    void consume(std::size_t count);
    // A line without its LF; nullopt at the end (a partial last line counts, *had_newline says
    // which). Throws EMSGSIZE when it is longer than limit.
    std::optional<std::string> line(std::size_t limit, bool* had_newline = nullptr);
    // Up to the next terminator, without it; nullopt when the input ends first. Throws EMSGSIZE
    // over limit.
    std::optional<std::string> record(char terminator, std::size_t limit);

private:
    int descriptor_;
    std::unique_ptr<char[]> buffer_;   // not cleared: pages that stay unused cost nothing
    std::size_t capacity_;
    std::size_t begin_ = 0, end_ = 0;
};

}
