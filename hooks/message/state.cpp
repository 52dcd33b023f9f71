#include "hooks/message/state.hpp"

#include "hooks/message/lines.hpp"

namespace grapnel::hooks {

namespace {

constexpr std::size_t most_structures = 16;   // of one message: parsing costs what its size is

// Appends, or lengthens the last piece where this one follows it in the same text.
void append(std::vector<std::string_view>& pieces, std::string_view piece, std::string_view text)
{
    if (piece.empty()) return;
    const auto in_text = [&](std::string_view part) {
        return part.data() >= text.data() && part.data() < text.data() + text.size();
    };
    if (!pieces.empty() && in_text(piece) && in_text(pieces.back()) &&
        pieces.back().data() + pieces.back().size() == piece.data())
        pieces.back() = {pieces.back().data(), pieces.back().size() + piece.size()};
    else
        pieces.push_back(piece);
}

}

MessageState::MessageState(std::shared_ptr<const Content> text, bool is_binary)
    : content(std::move(text)), binary(is_binary)
{
    auto split = split_header(content->text());
    header = std::move(split.header);
    body = split.body;
    const auto whole = content->text();
    size = binary ? crlf_size(whole.substr(0, whole.size() - body.size())) + body.size()
                  : crlf_size(whole);
}

std::vector<std::string_view> MessageState::header_pieces() const
{
    std::vector<std::string_view> pieces;
    for (const auto& field : header.fields) append(pieces, field.text, content->text());
    append(pieces, header.separator, content->text());
    return pieces;
}

std::vector<std::string_view> MessageState::body_pieces() const
{
    if (!structure_ || structure_->edited.empty()) return {body};
    return structure_->pieces();
}

std::vector<std::string_view> MessageState::pieces() const
{
    auto pieces = header_pieces();
    for (const auto piece : body_pieces()) append(pieces, piece, content->text());
    return pieces;
}

const Structure& MessageState::structure() const
{
    if (!structure_) structure_ = std::make_shared<Structure>(parse_mime(header, body, binary));
    return *structure_;
}

Structure& MessageState::own_structure()
{
    if (!structure_) ++structures_made_;
    structure();
    if (structure_.use_count() > 1) structure_ = std::make_shared<Structure>(*structure_);
    return *structure_;
}

bool MessageState::may_change_structure() const
{
    return structure_ || structures_made_ < most_structures;
}

void MessageState::forget_structure()
{
    if (structure_ && !structure_->edited.empty()) {
        std::string whole;
        for (const auto piece : structure_->pieces()) whole += piece;
        added_body = std::make_shared<const std::string>(std::move(whole));
        body = *added_body;
    }
    structure_.reset();
}

}
