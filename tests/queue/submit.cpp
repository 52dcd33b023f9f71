#include "queue/submit.hpp"

#include "base/sys/file.hpp"
#include "base/sys/signal.hpp"

#include <unistd.h>

#include <csignal>
#include <system_error>

namespace grapnel::test {

namespace {

// A reader that has left is part of many tests.
void feed(Fd& pipe, const std::string& bytes)
{
    try {
        write_all(pipe.get(), bytes);
    } catch (const std::system_error&) {
    }
}

}

Submitted submit(const TempHome& home, const Injection& injection)
{
    ignore_signal(SIGPIPE);
    Pipe message = make_pipe(), envelope = make_pipe(), response = make_pipe();
    auto argv = injection.wrapper;
    argv.push_back(injection.real ? "bin/qmail-queue" : home.program("qmail-queue"));
    Process process({.argv = argv,
                     .environment = injection.real ? injection.environment
                                                   : home.environment(injection.environment),
                     .descriptors = {{0, message.reader.get()},
                                     {1, envelope.reader.get()},
                                     {4, response.writer.get()}}});
    message.reader.reset();
    envelope.reader.reset();
    response.writer.reset();
    feed(message.writer, injection.message);
    message.writer.reset();
    feed(envelope.writer, injection.envelope);
    if (!injection.stays_open) envelope.writer.reset();
    const auto ending = process.wait();
    Submitted result{-1, process.pid(), {}, process.errors()};
    if (ending) result.code = ending->crashed ? -ending->code : ending->code;
    result.response = read_all(response.reader.get(), 4096);
    return result;
}

std::string only_file(const TempHome& home, const std::string& folder)
{
    std::string found;
    for (const auto& name : home.queue_files()) {
        if (!name.starts_with(folder + '/')) continue;
        if (!found.empty()) return "";
        found = name;
    }
    return found;
}

std::string queue_file(const TempHome& home, const std::string& folder)
{
    const auto name = only_file(home, folder);
    return name.empty() ? "no such file" : home.read("queue/" + name);
}

std::string received_by_us(pid_t pid)
{
    return "Received: (qmail " + std::to_string(pid) + " invoked by uid " +
           std::to_string(::getuid()) + "); @DATE@\n";
}

bool sanitized()
{
#ifdef __SANITIZE_ADDRESS__
    return true;
#else
    return false;
#endif
}

}
