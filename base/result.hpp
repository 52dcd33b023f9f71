// How a function says no. Every failure in a mail system is "try later" or "give up"; the type says
// which, and nothing else is encoded. It becomes 4xx/5xx, Z/D or 111/100 at the edge of a program.
#pragma once

#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace grapnel {

enum class Retry { later, never };   // 4xx, Z, 111   versus   5xx, D, 100

struct Failure {
    Failure() = default;
    Failure(Retry when, std::string words) : retry(when), text(std::move(words)) {}

    Retry retry = Retry::later;
    std::string text;   // as a person will read it: "no such user (#5.1.1)"
};

inline Failure temporary(std::string text) { return {Retry::later, std::move(text)}; }
inline Failure permanent(std::string text) { return {Retry::never, std::move(text)}; }

template <class T = void>
using Result = boost::system::result<T, Failure>;

// What Result::value() throws when there is none; found by argument-dependent lookup.
[[noreturn]] inline void
throw_exception_from_error(const Failure& failure,
                           const boost::source_location& = BOOST_CURRENT_LOCATION)
{
    throw std::runtime_error(failure.text);
}

}
