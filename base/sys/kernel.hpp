// What this kernel can be relied on for.
#pragma once

namespace grapnel {

// syncfs tells of write errors since Linux 5.8; before, only fsync of each file does.
bool syncfs_tells_errors();

}
