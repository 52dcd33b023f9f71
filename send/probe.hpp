// Whether the queue's file system can be trusted: asked at the start, because a failed flush ends
// qmail-send and a supervisor starts it again.
#pragma once

namespace grapnel::send {

// Writes 1 MiB into a nameless file in bounce/, flushes it, drops it from memory, reads it back.
// Throws where that fails or differs. A full disk is no reason to stop: deliveries make room.
void probe_queue();

}
