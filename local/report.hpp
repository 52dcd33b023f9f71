// What the ending of a local delivery means to qmail-send (contract 6.1). Pure.
#pragma once

#include "base/sys/spawn.hpp"
#include "queue/spawner.hpp"

#include <cstddef>
#include <string_view>

namespace grapnel::local {

inline constexpr std::size_t longest_output = 3000;

queue::Outcome report(const Ending& ending, std::string_view output);

}
