// What this process holds is not for others of its user to see.
#pragma once

namespace grapnel {

// No core files, no tracing, nothing of /proc; until exec. The leak checker traces its own process:
// it is turned off.
void forbid_dumps();

}
