// A time limit on work that is no stream: a child, a hook's answer, a commit. Throws TimedOut; the
// work is cancelled and its end awaited. Instantiated in within.cpp for the results listed there: a
// type more costs seconds of build.
#pragma once

#include "base/net/stream.hpp"

#include <string>

namespace grapnel::net {

template <class T>
asio::awaitable<T> within(SteadyClock::duration limit, asio::awaitable<T> work);

extern template asio::awaitable<void> within(SteadyClock::duration, asio::awaitable<void>);
extern template asio::awaitable<bool> within(SteadyClock::duration, asio::awaitable<bool>);
extern template asio::awaitable<std::string> within(SteadyClock::duration,
                                                    asio::awaitable<std::string>);

}
