// CBOR as our own programs write it to each other: definite lengths, no tags, no floats. By hand,
// because programs that are linked statically say it too. Reading allocates nothing and believes no
// length; after the first mistake everything read is empty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace grapnel::hooks {

class CborWriter {
public:
    void number(std::uint64_t value);
    void number(std::int64_t value);
    void boolean(bool value);
    void null();
    void text(std::string_view value);    // UTF-8
    void bytes(std::string_view value);   // any octets
    void array(std::size_t size);         // then so many values
    void map(std::size_t size);           // then so many texts, each with its value
    std::string take() { return std::move(written_); }

private:
    void head(unsigned major, std::uint64_t value);
    std::string written_;
};

class CborReader {
public:
    explicit CborReader(std::string_view bytes) : rest_(bytes) {}

    std::uint64_t number();
    std::int64_t signed_number();
    bool boolean();
    std::string_view text();    // of what is read
    std::string_view bytes();   // likewise
    std::size_t array(std::size_t most);
    std::size_t map();
    bool take_null();   // false: something else comes, and is still there
    void skip();        // one value, whatever it is

    bool at_end() const { return rest_.empty(); }
    bool failed() const { return failed_; }
    void fail();

private:
    struct Item;
    Item next();
    std::string_view take(std::uint64_t size);
    std::string_view rest_;
    std::size_t items_ = 0;
    bool failed_ = false;
};

}
