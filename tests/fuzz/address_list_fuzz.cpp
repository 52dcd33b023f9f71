// Header address lists: what is printed reads as what it was; a rewritten list stays what it is.
#include "fuzz/require.hpp"
#include "inject/completion.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

using namespace grapnel::inject;

namespace {

// A "+" that stood alone before an address was completed. As ever, the blank in front of it stays.
bool is_empty_word(const Token& token)
{
    return token.kind == Token::Kind::atom && token.text.empty();
}

// Words come back in quotes or without, neighbours may touch: print decides once and for all.
void require_stable(const Tokens& tokens)
{
    if (std::any_of(tokens.begin(), tokens.end(), is_empty_word)) return;
    const auto printed = print(tokens);
    const auto again = tokenize(printed);
    require(again.has_value());
    require(print(*again) == printed);
    require(plain(*again) == plain(tokens));
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto tokens = tokenize(text);
    require(tokenize(quoted("x y@example")).has_value());
    // A word made of escapes is printed bare, as ever, and may read differently.
    if (!tokens || text.find('\\') != std::string_view::npos) return 0;
    require_stable(*tokens);
    static const auto completion =
        Completion::make({"host", "domain.example", "plus.example", "id"}).value();
    const auto list = rewrite_list(*tokens, [](Tokens& address) { completion.complete(address); });
    if (list) require_stable(*list);
    return 0;
}
