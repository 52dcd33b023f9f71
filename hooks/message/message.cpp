#include "hooks/message/message.hpp"

#include "hooks/message/edits.hpp"
#include "hooks/message/properties.hpp"
#include "hooks/message/state.hpp"

namespace grapnel::hooks {

Message::Message(int descriptor, bool binary)
    : state_(std::make_shared<MessageState>(std::make_shared<const Content>(descriptor), binary))
{
}

Message::Message(std::string text, bool binary)
    : state_(
          std::make_shared<MessageState>(std::make_shared<const Content>(std::move(text)), binary))
{
}

Message::Message(const Message&) = default;
Message::Message(Message&&) noexcept = default;
Message& Message::operator=(const Message&) = default;
Message& Message::operator=(Message&&) noexcept = default;
Message::~Message() = default;

std::uint64_t Message::size() const { return state_->size; }
bool Message::changed() const { return state_->changed; }
bool Message::suppressed() const { return state_->suppressed; }

boost::json::object Message::properties(const std::vector<Pointer>& wanted) const
{
    return message_properties(*state_, wanted);
}

Result<> Message::apply(const Operation& operation, const MessageRules& rules)
{
    if (state_.use_count() > 1) state_ = std::make_shared<MessageState>(*state_);
    return apply_edit(*state_, operation, rules);
}

void Message::begin_response()
{
    if (state_.use_count() > 1) state_ = std::make_shared<MessageState>(*state_);
    state_->added_fields = 0;
}

std::vector<std::string> Message::field_texts(std::string_view name) const
{
    return texts_of_fields(state_->header, name);
}

std::vector<std::string> Message::body_texts() const { return texts_of_body(*state_); }
bool Message::has_attachment() const { return has_attachments(*state_); }

}
