#include "base/sys/program.hpp"

#include "base/sys/log.hpp"

#include <exception>
#include <new>

namespace grapnel {

namespace {
void say(const std::string& name, const std::string& text)
{
    if (!text.empty()) log_line(2, name.empty() ? text : name + ": " + text);
}
}

int run(const std::string& name, const std::function<int()>& body, int trouble)
{
    try {
        return body();
    } catch (const Stop& stop) {
        say(name, stop.text);
        return stop.exit_code;
    } catch (const std::bad_alloc&) {
        say(name, "fatal: out of memory");
    } catch (const std::exception& error) {
        say(name, std::string("fatal: ") + error.what());
    }
    return trouble;
}

}
