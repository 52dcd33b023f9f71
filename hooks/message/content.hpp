// The text a message was made from: read, or mapped where it is large. Shared by all its copies.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace grapnel::hooks {

class Content {
public:
    // All of it, wherever the descriptor stands. Throws system_error where it cannot be read. What
    // is mapped must not be cut short while it is used.
    explicit Content(int descriptor);
    explicit Content(std::string text) : owned_(std::move(text)), text_(owned_) {}
    Content(const Content&) = delete;
    Content& operator=(const Content&) = delete;
    ~Content();

    std::string_view text() const { return text_; }

private:
    void map(int descriptor, std::size_t size);
    void copy(int descriptor, std::size_t size);

    std::string owned_;
    void* mapped_ = nullptr;
    std::string_view text_;
};

}
