#include "local/header_scan.hpp"

#include "base/text.hpp"

#include <utility>

namespace grapnel::local {

HeaderScan::HeaderScan(std::string line) : line_(std::move(line)) {}

bool HeaderScan::take(std::string_view bytes)
{
    while (!bytes.empty() && !ended_) {
        const auto end = bytes.find('\n');
        if (end == std::string_view::npos) {
            take_piece(bytes);
            break;
        }
        take_piece(bytes.substr(0, end));
        bytes.remove_prefix(end + 1);
        end_line();
    }
    return !ended_;
}

void HeaderScan::take_piece(std::string_view piece)
{
    if (name_.size() < longest_name) name_ += lower(piece.substr(0, longest_name - name_.size()));
    empty_ = empty_ && piece.empty();
    matches_ = matches_ && std::string_view(line_).substr(position_).starts_with(piece);
    if (matches_) position_ += piece.size();
}

void HeaderScan::end_line()
{
    if (name_.starts_with("received:") || name_.starts_with("delivered-to:")) ++hops_;
    asks_for_owner_ = asks_for_owner_ || name_ == "require-recipient-valid-since";
    found_ = matches_ && position_ + 1 == line_.size();
    ended_ = found_ || empty_;
    name_.clear();
    empty_ = matches_ = true;
    position_ = 0;
}

}
