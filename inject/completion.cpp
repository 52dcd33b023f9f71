#include "inject/completion.hpp"

#include <algorithm>

namespace grapnel::inject {

namespace {

using Kind = Token::Kind;

void append(Tokens& address, const Tokens& more)
{
    address.insert(address.end(), more.begin(), more.end());
}

auto find(Tokens& address, Kind kind)
{
    return std::find_if(address.begin(), address.end(),
                        [=](const Token& token) { return token.kind == kind; });
}

// <box@[]>: the mark of VERP and of double bounces.
bool ends_in_empty_literal(const Tokens& address)
{
    return address.size() >= 2 && address.back() == Token{Kind::literal} &&
           address[address.size() - 2].kind == Kind::at;
}

void drop_route(Tokens& address)
{
    if (address.front().kind != Kind::at) return;
    const auto colon = find(address, Kind::colon);
    address.erase(address.begin(), colon == address.end() ? colon : colon + 1);
}

void drop_last(Tokens& address, Kind kind)
{
    if (!address.empty() && address.back().kind == kind) address.pop_back();
}

// A dot or an address in square brackets behind the last "@".
bool host_is_complete(const Tokens& address)
{
    for (auto token = address.rbegin(); token != address.rend() && token->kind != Kind::at; ++token)
        if (token->kind == Kind::dot || token->kind == Kind::literal) return true;
    return false;
}

}

Failure unparsable(std::string_view line)
{
    return permanent("unable to parse this line:\n" + std::string(line));
}

Result<Completion> Completion::make(const Domains& domains)
{
    Completion completion;
    const std::tuple<Tokens&, std::string> parts[] = {
        {completion.domain_, '.' + domains.default_domain},
        {completion.host_, '@' + domains.default_host},
        {completion.plus_, '.' + domains.plus_domain}};
    for (const auto& [tokens, text] : parts) {
        auto parsed = tokenize(text);
        if (!parsed) return unparsable(text);
        tokens = std::move(*parsed);
    }
    return completion;
}

void Completion::complete(Tokens& address) const
{
    if (address.empty() || ends_in_empty_literal(address)) return;
    drop_route(address);
    drop_last(address, Kind::dot);
    drop_last(address, Kind::at);
    if (address.empty()) return;
    if (find(address, Kind::at) == address.end()) append(address, host_);
    if (auto& last = address.back(); last.kind == Kind::atom && last.text.ends_with('+')) {
        last.text.pop_back();
        append(address, plus_);
    }
    if (!host_is_complete(address)) append(address, domain_);
}

}
