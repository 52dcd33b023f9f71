// Signals as something to wait for. While one exists, its signals no longer have their default
// effect.
#pragma once

#include "base/net/loop.hpp"

#include <initializer_list>
#include <memory>

namespace grapnel::net {

class Signals {
public:
    Signals(Executor executor, std::initializer_list<int> numbers);
    ~Signals();
    Signals(Signals&&) noexcept;

    boost::asio::awaitable<int> next();   // the number of one that came
    void cancel();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}
