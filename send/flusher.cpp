#include "send/flusher.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/kernel.hpp"
#include "send/broken.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace grapnel::send {

Flusher::Flusher()
    : queue_(open_file(".", O_RDONLY | O_DIRECTORY)), all_at_once_(syncfs_tells_errors())
{
}

void Flusher::flush(const Touched& touched) const
{
    const bool several = touched.files.size() + touched.directories.size() > 1;
    if (all_at_once_ && (several || touched.elsewhere)) return flush_all();
    durably([&] {
        for (const auto& path : touched.files)
            if (const auto file = open_if_there(path)) sync(file->get(), path);
        for (const auto& path : touched.directories) sync_directory(path);
    });
    if (touched.elsewhere) flush_all();
}

void Flusher::flush_all() const
{
    durably([&] {
        if (::syncfs(queue_.get()) != 0) throw_errno("unable to flush the file system of", "queue");
    });
}

}
