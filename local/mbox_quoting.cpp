#include "local/mbox_quoting.hpp"

namespace grapnel::local {

namespace {
constexpr std::string_view from = "From ";
}

// Where in the run of ">" the further one goes makes no difference, so the run is written at once
// and only "From " is held back.
void MboxQuoting::take(std::string_view bytes, std::string& output)
{
    while (!bytes.empty()) {
        if (state_ == State::rest) {
            const auto end = bytes.find('\n');
            const auto count = end == std::string_view::npos ? bytes.size() : end + 1;
            output += bytes.substr(0, count);
            bytes.remove_prefix(count);
            at_line_start_ = end != std::string_view::npos;
            if (at_line_start_) state_ = State::quotes;
            continue;
        }
        const char c = bytes.front();
        at_line_start_ = false;
        if (state_ == State::quotes && c == '>') {
            output += c;
            bytes.remove_prefix(1);
        } else if (c == from[matched_]) {
            state_ = State::from;
            bytes.remove_prefix(1);
            if (++matched_ < from.size()) continue;
            output += '>';
            output += from;
            matched_ = 0;
            state_ = State::rest;
        } else {
            output += from.substr(0, matched_);
            matched_ = 0;
            state_ = State::rest;
        }
    }
}

void MboxQuoting::finish(std::string& output)
{
    output += from.substr(0, matched_);
    if (!at_line_start_) output += '\n';
    output += '\n';
    *this = MboxQuoting();
}

}
