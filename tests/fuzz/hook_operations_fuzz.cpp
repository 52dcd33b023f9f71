// Edits of a document, made of the input's octets: they leave a document that can be sent, those
// that fail leave it as it was, and all or nothing is just that.
#include "fuzz/require.hpp"
#include "hooks/codec/serialization.hpp"
#include "hooks/edits/document.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace grapnel::hooks;

namespace {

constexpr std::array<std::string_view, 4> documents{
    R"({"a":{"b":[1,[2,3],{"a":null}]},"0":[],"":"x","-":{}})", R"([[0,1,2],{"a":[{"b":1}]},"x"])",
    R"({"a":[{"a":[{"a":[0]}]}],"b":false})", "7"};
constexpr std::array<std::string_view, 8> values{R"("x")", "0",  "[]",         "{}",
                                                 "null",   "-1", R"([1,[2]])", R"({"a":{"b":[]}})"};
constexpr std::array<std::string_view, 12> tokens{"a", "b", "0", "1", "2",  "3",
                                                  "-", "",  "~", "/", "01", "18446744073709551616"};

class Octets {
public:
    explicit Octets(std::string_view bytes) : left_(bytes) {}
    bool more() const { return !left_.empty(); }
    std::size_t below(std::size_t bound)
    {
        if (left_.empty()) return 0;
        const auto octet = static_cast<unsigned char>(left_.front());
        left_.remove_prefix(1);
        return octet % bound;
    }
    Pointer pointer()
    {
        std::vector<std::string> path(below(6));
        for (auto& token : path) token = tokens[below(tokens.size())];
        return Pointer::of(std::move(path));
    }
    Operation operation()
    {
        Operation result;
        result.kind = static_cast<OperationKind>(below(6));
        result.path = pointer();
        result.value = decode(Serialization::json, values[below(values.size())]).value();
        if (const auto index = below(8); index < 4) result.index = index;
        if (below(8) > 0) result.from = pointer();
        return result;
    }

private:
    std::string_view left_;
};

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Octets octets({reinterpret_cast<const char*>(data), size});
    const auto document =
        decode(Serialization::json, documents[octets.below(documents.size())]).value();
    std::vector<Operation> operations;
    while (octets.more() && operations.size() < 200) operations.push_back(octets.operation());

    auto tolerant = document, atomic = document, one_by_one = document;
    const auto skipped = apply(tolerant, operations, ApplyMode::tolerant);
    const auto refused = apply(atomic, operations, ApplyMode::atomic);
    require(skipped.empty() == refused.empty() && refused.size() <= 1);
    require(atomic == (refused.empty() ? tolerant : document));
    if (!refused.empty()) require(refused[0].number == skipped[0].number);

    std::size_t failed = 0;
    for (const auto& operation : operations) {
        const auto before = one_by_one;
        if (apply(one_by_one, operation)) continue;
        ++failed;
        require(one_by_one == before);
    }
    require(failed == skipped.size() && one_by_one == tolerant);
    require(!encode(Serialization::json, tolerant).empty());
    return 0;
}
