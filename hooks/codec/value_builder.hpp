// Makes a tree of what a reader of JSON or CBOR finds, and keeps the limits that both have in
// common (C6): depth, number of values, no name twice, valid UTF-8, finite numbers. Knows no
// syntax.
#pragma once

#include "base/result.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::hooks {

// Byte strings that stood as values of operations: list ("set", "add") and position in it.
using OperationBytes = std::map<std::pair<std::string, std::size_t>, std::string>;

class ValueBuilder {
public:
    static constexpr std::size_t most_depth = 64, most_values = 100'000;
    static constexpr std::size_t most_names = 1000;   // of one object: its table is no hostage

    // operation_bytes: nullptr to have all byte strings as base64.
    explicit ValueBuilder(OperationBytes* operation_bytes) : operation_bytes_(operation_bytes) {}

    void open_object();
    void open_array();
    void close();
    void name(std::string_view name);
    void text(std::string_view text);
    void bytes(std::string_view bytes);
    void integer(std::int64_t number);
    void integer(std::uint64_t number);
    void number(double number);
    void scalar(boost::json::value value) { place(std::move(value)); }   // true, false, null

    // The first one counts; nothing is taken any more. Literals.
    void fail(const char* why);
    bool failed() const { return problem_ != nullptr; }
    Result<boost::json::value> take();

private:
    struct Open {
        boost::json::value container;
        std::string name;   // of the next member
    };
    void open(boost::json::value container);
    void place(boost::json::value value);
    bool is_operation_value() const;

    std::vector<Open> open_;
    boost::json::value whole_;
    std::size_t values_ = 0;
    const char* problem_ = nullptr;
    OperationBytes* operation_bytes_;
};

}
