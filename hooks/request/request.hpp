// The request of one hook call: facts and message, as much of them as was agreed, in the agreed
// serialization. rawMessage is encoded while it is sent: it lies nowhere twice (C71).
#pragma once

#include "hooks/codec/serialization.hpp"
#include "hooks/facts.hpp"
#include "hooks/message/message.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace grapnel::hooks {

// What a registration's stages are to be told. Pointers as negotiated (C26, C27).
std::vector<Pointer> all_properties(Direction direction);   // mta-hooks 7.2
bool carries_message(const std::vector<Pointer>& properties);

class RequestBody {
public:
    // message: nullptr where the stage has none.
    RequestBody(Serialization serialization, const Facts& facts, const Message* message,
                const std::vector<Pointer>& properties);

    std::uint64_t size() const { return size_; }   // octets, for Content-Length
    Serialization serialization() const { return serialization_; }

    // The same octets each time it is read from the beginning.
    class Reader {
    public:
        explicit Reader(const RequestBody& body);
        Reader(Reader&&) noexcept;
        ~Reader();
        std::size_t read(char* room, std::size_t size);   // 0: the end

    private:
        struct State;
        std::unique_ptr<State> state_;
    };

private:
    Serialization serialization_;
    std::string prefix_, suffix_;
    std::optional<Message> raw_;   // between them, as base64 or as bytes
    std::uint64_t size_ = 0;
};

// The small part of the request as a tree: everything but message and rawMessage. What edits of
// envelope, response and action are applied to.
boost::json::object small_document(const Facts& facts);

}
