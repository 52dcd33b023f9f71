// The first words of a message, for people: at most 256 characters.
#pragma once

#include "hooks/message/structure.hpp"

#include <string>
#include <string_view>

namespace grapnel::hooks {

std::string preview(const Structure& structure);

// The words of HTML: without tags, comments, scripts and styles. Linear, and no parser.
std::string text_of_html(std::string_view html);

}
