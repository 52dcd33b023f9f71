// The search for loops, and mbox quoting: pieces of any size give what the whole gives. corpus
#include "fuzz/require.hpp"
#include "local/header_scan.hpp"
#include "local/mbox_quoting.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

using namespace grapnel::local;

namespace {

constexpr std::string_view line = "Delivered-To: joe@here.example\n";

// As qmail does it: a line at a time, all of it in memory.
bool looping(std::string_view message)
{
    for (;;) {
        const auto end = message.find('\n');
        if (end == std::string_view::npos || end == 0) return false;
        if (message.substr(0, end + 1) == line) return true;
        message.remove_prefix(end + 1);
    }
}

std::string quoted(std::string_view message)
{
    std::string result;
    while (!message.empty()) {
        const auto count = std::min(message.size(), message.find('\n') == std::string_view::npos
                                                        ? message.size()
                                                        : message.find('\n') + 1);
        const auto text = message.substr(0, count);
        const auto start = text.find_first_not_of('>');
        if (start != std::string_view::npos && text.substr(start).starts_with("From "))
            result += '>';
        result += text;
        message.remove_prefix(count);
        if (message.empty() && !text.ends_with('\n')) result += '\n';
    }
    return result + '\n';
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::size_t step = size ? data[0] % 37u + 1 : 1;
    HeaderScan scan{std::string(line)};
    MboxQuoting quoting;
    std::string mbox;
    bool more = true;
    for (std::string_view rest = bytes; !rest.empty();
         rest.remove_prefix(std::min(step, rest.size()))) {
        more = more && scan.take(rest.substr(0, step));
        quoting.take(rest.substr(0, step), mbox);
    }
    quoting.finish(mbox);
    require(scan.seen_here_before() == looping(bytes));
    require(mbox == quoted(bytes));
    return 0;
}
