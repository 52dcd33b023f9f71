#include "send/notice_text.hpp"

#include "base/sys/file.hpp"

#include <algorithm>
#include <limits>

namespace grapnel::send {

namespace {

constexpr auto no_limit = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t longest_header = 1 << 18;   // of a copy

}

NoticeText::NoticeText(const Notice& notice, const std::string& bounce_file,
                       const std::string& message_file)
{
    const auto paragraphs = [&] {
        if (notice.with_paragraphs) parts_.push_back({Kind::file, bounce_file, no_limit});
    };
    parts_.push_back({Kind::text, notice.head, no_limit});
    paragraphs();
    if (!notice.again.empty()) {
        parts_.push_back({Kind::text, notice.again, no_limit});
        paragraphs();
    }
    parts_.push_back({Kind::text, notice.middle, no_limit});
    if (notice.copy == Notice::Copy::header)
        parts_.push_back({Kind::header, message_file, longest_header});
    else
        parts_.push_back({Kind::copy, message_file, notice.most_copied});
    parts_.push_back({Kind::text, notice.tail, no_limit});
}

std::string_view NoticeText::next()
{
    for (; current_ < parts_.size(); ++current_, file_.reset())
        if (const auto piece = piece_of(parts_[current_]); !piece.empty()) return piece;
    return {};
}

std::string_view NoticeText::piece_of(Part& part)
{
    if (part.kind == Kind::text) {
        if (part.limit == 0) return {};
        part.limit = 0;
        return part.text;
    }
    if (!file_) file_ = open_read(part.text);
    const auto wanted = std::min<std::uint64_t>(buffer_.size(), part.limit);
    const auto count =
        wanted == 0 ? 0 : read_some(file_.get(), buffer_.data(), static_cast<std::size_t>(wanted));
    part.limit -= count;
    if (count == 0 && part.kind == Kind::copy && part.limit == 0 && !part.ended) {
        part.ended = true;
        char more = 0;
        if (read_some(file_.get(), &more, 1) == 1) return stripped_text;
    }
    const std::string_view piece(buffer_.data(), count);
    return part.kind == Kind::header ? within_header(piece, part) : piece;
}

// Up to the empty line that ends it, without that.
std::string_view NoticeText::within_header(std::string_view piece, Part& part)
{
    for (std::size_t i = 0; i < piece.size(); ++i) {
        if (piece[i] == '\n' && last_ == '\n') {
            part.limit = 0;
            return piece.substr(0, i);
        }
        last_ = piece[i];
    }
    return piece;
}

bool holds_eight_bits(const std::string& file, std::uint64_t limit, bool header_only)
{
    Notice part;
    part.with_paragraphs = false;
    part.copy = header_only ? Notice::Copy::header : Notice::Copy::whole;
    part.most_copied = limit;
    NoticeText text(part, {}, file);
    for (auto piece = text.next(); !piece.empty(); piece = text.next())
        if (std::any_of(piece.begin(), piece.end(), [](char c) { return (c & 0x80) != 0; }))
            return true;
    return false;
}

}
