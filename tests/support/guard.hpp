// What a test program starts ends with it, however it ends (an abort, a kill, a timeout): the test
// is a child of the guard, orphans fall to the guard, and when the test has ended the guard kills
// what is left.
#pragma once

namespace grapnel::test {

// Returns in the child, where the test goes on. This process waits for it, ends what it left
// behind, and ends as it did. It passes signals that end programs on; killed itself, it takes the
// test along.
void stand_guard();

}
