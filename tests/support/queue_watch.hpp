// Counts the files that come to lie in folders of a queue, however short their life. One that is
// written as NAME.new and renamed counts once, with its name.
#pragma once

#include "support/temp_home.hpp"

#include "base/sys/fd.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::test {

class QueueWatch {
public:
    // folders: those with numbered directories, "info".
    QueueWatch(const TempHome& home, const std::vector<std::string>& folders)
        : descriptor_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC))
    {
        for (const auto& folder : folders)
            for (unsigned i = 0; i < TempHome::default_split; ++i)
                ::inotify_add_watch(descriptor_.get(),
                                    (home / ("queue/" + folder + '/' + std::to_string(i))).c_str(),
                                    IN_CREATE | IN_MOVED_TO);
    }

    std::size_t made()
    {
        alignas(inotify_event) std::array<char, 16384> buffer;
        for (ssize_t size; (size = ::read(descriptor_.get(), buffer.data(), buffer.size())) > 0;)
            for (ssize_t at = 0; at < size;) {
                const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
                if (!std::string_view(event->name).ends_with(".new")) ++made_;
                at += static_cast<ssize_t>(sizeof *event + event->len);
            }
        return made_;
    }

private:
    Fd descriptor_;
    std::size_t made_ = 0;
};

}
