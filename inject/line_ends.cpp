#include "inject/line_ends.hpp"

#include <utility>

namespace grapnel::inject {

namespace {
constexpr std::size_t longest_first_line = 65536;
}

std::string_view LineEnds::feed(std::string_view bytes)
{
    if (kind_ == Kind::as_they_are) return bytes;
    held_ += bytes;
    if (kind_ == Kind::unknown) {
        const auto newline = held_.find('\n');
        if (newline == std::string::npos && held_.size() < longest_first_line) return {};
        const bool cr_lf =
            newline != std::string::npos && newline > 0 && held_[newline - 1] == '\r';
        kind_ = cr_lf ? Kind::cr_lf : Kind::as_they_are;
    }
    ready_ = std::exchange(held_, {});
    if (kind_ == Kind::as_they_are) return ready_;
    if (ready_.ends_with('\r')) {   // its LF may come with the next piece
        ready_.pop_back();
        held_ = '\r';
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < ready_.size(); ++i)
        if (ready_[i] != '\r' || i + 1 == ready_.size() || ready_[i + 1] != '\n')
            ready_[kept++] = ready_[i];
    ready_.resize(kept);
    return ready_;
}

std::string_view LineEnds::finish()
{
    ready_ = std::exchange(held_, {});
    return ready_;
}

}
