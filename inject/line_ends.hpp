// Programs that end lines with CR LF, as on the wire (PHP among them): where the first line ends
// so, the CR before each LF is taken away. A message of other kind is not touched. Pure.
#pragma once

#include <string>
#include <string_view>

namespace grapnel::inject {

class LineEnds {
public:
    // What can be passed on now; valid until the next call. Until the first line has ended nothing
    // can.
    std::string_view feed(std::string_view bytes);
    std::string_view finish();   // what was held back

private:
    enum class Kind { unknown, as_they_are, cr_lf };
    Kind kind_ = Kind::unknown;
    std::string held_, ready_;
};

}
