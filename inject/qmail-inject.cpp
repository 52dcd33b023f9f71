// One message from standard input, completed, into the queue. qmail-inject(8).
#include "base/arguments.hpp"
#include "base/sys/environment.hpp"
#include "inject/injection.hpp"

int main(int count, char** words)
{
    return grapnel::inject::run_injection(grapnel::argument_words(count, words),
                                          grapnel::Environment::of_process());
}
