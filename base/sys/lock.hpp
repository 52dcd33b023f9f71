// Whole-file locks by flock, as every qmail program takes them. Released when the descriptor
// closes.
#pragma once

namespace grapnel {

bool try_lock(int descriptor);   // exclusive; false: somebody else has it. Throws on trouble
void lock(int descriptor);       // exclusive; waits. Throws on trouble, EINTR included (an alarm)

}
