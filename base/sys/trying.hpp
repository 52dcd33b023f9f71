// A step of a program that ends it, with exit code 111, where the system refuses something.
#pragma once

#include "base/sys/error.hpp"
#include "base/sys/program.hpp"

#include <string>
#include <system_error>

namespace grapnel {

// Says "fatal: WHAT: REASON".
template <class Step>
auto trying(const std::string& what, const Step& step)
{
    try {
        return step();
    } catch (const std::system_error& error) {
        throw Stop{111, "fatal: " + what + ": " + std::string(reason(error.code().value()))};
    }
}

// Says "fatal: WORDS", as qmail's programs do, and no reason.
template <class Step>
auto or_die(const char* words, const Step& step)
{
    try {
        return step();
    } catch (const std::system_error&) {
        throw Stop{111, std::string("fatal: ") + words};
    }
}

}
