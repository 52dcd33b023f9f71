// As much of a message as requests need, until there is one.
#include "hooks/message.hpp"

#include <boost/json/array.hpp>

namespace grapnel::hooks {

struct Message::State {
    std::string crlf;
};

Message::Message(std::string text)
{
    auto state = std::make_shared<State>();
    for (const char c : text) {
        if (c == '\n') state->crlf += '\r';
        state->crlf += c;
    }
    state_ = state;
}
Message::Message(const Message&) = default;
Message::Message(Message&&) noexcept = default;
Message& Message::operator=(const Message&) = default;
Message& Message::operator=(Message&&) noexcept = default;
Message::~Message() = default;

std::uint64_t Message::size() const { return state_->crlf.size(); }

boost::json::object Message::properties(const std::vector<Pointer>& wanted) const
{
    const boost::json::object all{{"size", size()}, {"subject", "hello"}};
    boost::json::object part;
    for (const auto& pointer : wanted)
        for (const auto& member : all)
            if (pointer.size() == 0 || pointer[0] == member.key()) part.insert(member);
    return part;
}

struct Message::Reader::State {
    std::string_view left;
};
Message::Reader::Reader(const Message& message) : state_(new State{message.state_->crlf}) {}
Message::Reader::Reader(Reader&&) noexcept = default;
Message::Reader::~Reader() = default;

std::size_t Message::Reader::read(char* room, std::size_t size)
{
    size = std::min<std::size_t>(size, 4001);   // pieces as they come
    const auto count = state_->left.copy(room, size);
    state_->left.remove_prefix(count);
    return count;
}

}
