#include "inject/address_list.hpp"

#include <algorithm>

namespace grapnel::inject {

namespace {

using Kind = Token::Kind;

bool is_phrase(Kind kind)
{
    return kind == Kind::comment || kind == Kind::atom || kind == Kind::quoted ||
           kind == Kind::at || kind == Kind::dot;
}

// From right to left: seen from its end it is clear whether words are an address or the name of
// one.
class ListRewriter {
public:
    ListRewriter(Tokens list, const Rewrite& rewrite) : left_(std::move(list)), rewrite_(rewrite) {}

    std::optional<Tokens> run()
    {
        while (!left_.empty())
            if (!step()) return std::nullopt;
        end_address();
        std::reverse(result_.begin(), result_.end());
        return std::move(result_);
    }

private:
    Kind last() const { return left_.back().kind; }
    bool at(Kind kind) const { return !left_.empty() && last() == kind; }

    static void move_last(Tokens& from, Tokens& to)
    {
        to.push_back(std::move(from.back()));
        from.pop_back();
    }
    void keep() { move_last(left_, result_); }
    void take_into_address() { move_last(left_, address_); }

    bool step()
    {
        switch (last()) {
        case Kind::semicolon:
            return group_end();
        case Kind::colon:
            return group_begin();
        case Kind::right:
            return bracketed();
        case Kind::comma:
            end_address();
            word_fits_ = true;
            keep();
            return true;
        case Kind::comment:   // lexically a blank
            keep();
            return true;
        case Kind::atom:
        case Kind::quoted:
        case Kind::literal:
            if (!word_fits_) end_address_with_comma();
            word_fits_ = false;
            take_into_address();
            return true;
        case Kind::at:
        case Kind::dot:
        case Kind::left:
            break;
        }
        word_fits_ = true;
        take_into_address();
        return true;
    }

    bool group_end()
    {
        end_address_with_comma();
        if (in_group_) return false;
        in_group_ = true;
        word_fits_ = true;
        keep();
        return true;
    }

    // The group's name: everything up to the comma before it.
    bool group_begin()
    {
        end_address();
        if (!in_group_) return false;
        in_group_ = false;
        while (!left_.empty() && !at(Kind::comma)) keep();
        if (!left_.empty()) keep();
        word_fits_ = true;
        return true;
    }

    bool bracketed()
    {
        end_address_with_comma();
        keep();
        while (!left_.empty() && !at(Kind::left)) take_into_address();
        hand_over();   // <> is an address too
        if (left_.empty()) return false;
        keep();
        while (!left_.empty() && is_phrase(last())) keep();
        word_fits_ = false;
        return true;
    }

    void hand_over()
    {
        std::reverse(address_.begin(), address_.end());
        rewrite_(address_);
        while (!address_.empty()) move_last(address_, result_);
    }
    void end_address()
    {
        if (!address_.empty()) hand_over();
    }
    void end_address_with_comma()
    {
        if (address_.empty()) return;
        hand_over();
        result_.push_back({Kind::comma});
    }

    Tokens left_, address_, result_;   // address_ and result_ grow backwards
    const Rewrite& rewrite_;
    bool in_group_ = false;
    bool word_fits_ = true;   // a word before what was seen belongs to the same address
};

}

std::optional<Tokens> rewrite_list(Tokens list, const Rewrite& rewrite)
{
    return ListRewriter(std::move(list), rewrite).run();
}

}
