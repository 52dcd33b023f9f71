#include "remote/message_text.hpp"

#include <algorithm>
#include <utility>

namespace grapnel::remote {

void TextFacts::add(std::string_view piece)
{
    for (const char c : piece) {
        const bool ends_line = c == '\n';
        if (pending_cr_ && !ends_line) bare_cr_ = true;
        if (ends_line && !pending_cr_) {   // the CR that it will get
            ++size_;
            if (header_) ++binary_size_;
        }
        pending_cr_ = c == '\r';
        if (ends_line && line_start_) header_ = false;
        line_start_ = ends_line;
        if (static_cast<unsigned char>(c) > 127) {
            eight_bit_ = true;
            eight_bit_header_ = eight_bit_header_ || header_;
        }
    }
    size_ += piece.size();
    binary_size_ += piece.size();
}

void TextFacts::finish()
{
    if (pending_cr_)
        size_ += 1;
    else if (!line_start_)
        size_ += 2;
    pending_cr_ = false;
    line_start_ = true;
}

void TextEncoder::span(std::string_view bytes, std::string& wire)
{
    if (bytes.empty()) return;
    if (form_ == TextForm::lines && line_start_ && bytes.front() == '.') wire += '.';
    wire += bytes;
    line_start_ = false;
}

void TextEncoder::add(std::string_view piece, std::string& wire)
{
    while (!piece.empty()) {
        if (as_it_is_) {
            wire += piece;
            return;
        }
        const bool behind_cr = pending_cr_;
        if (pending_cr_ && piece.front() != '\n') span(" ", wire);
        pending_cr_ = false;
        const auto end = std::min(piece.find_first_of("\r\n"), piece.size());
        span(piece.substr(0, end), wire);
        piece.remove_prefix(end);
        if (piece.empty()) return;
        pending_cr_ = piece.front() == '\r';
        if (!pending_cr_) {
            wire += "\r\n";
            as_it_is_ = form_ == TextForm::binary && line_start_ && !behind_cr;
            line_start_ = true;
        }
        piece.remove_prefix(1);
    }
}

void TextEncoder::finish(std::string& wire)
{
    if (form_ == TextForm::binary) {
        if (std::exchange(pending_cr_, false)) wire += ' ';
        return;
    }
    if (pending_cr_ || !line_start_) wire += "\r\n";
    pending_cr_ = false;
    line_start_ = true;
    wire += ".\r\n";
}

}
