// What root may do, in the kernel's pieces.
#pragma once

#include <initializer_list>

namespace grapnel {

// CAP_… of <linux/capability.h>. From now on this process has these alone, and hands none on but by
// being root. Throws.
void keep_capabilities(std::initializer_list<int> ours);

// And nothing below it will ever have others, by way of root or of a setuid program either. Where
// even root may not say so (some containers), nothing happens.
void bound_capabilities(std::initializer_list<int> anybodys);

}
