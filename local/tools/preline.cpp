// Puts the lines on top that a mailbox would have, for programs that want them. preline(1).
#include "base/arguments.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/feed.hpp"
#include "base/sys/log.hpp"
#include "base/sys/program.hpp"

using namespace grapnel;

namespace {

constexpr const char* usage = "usage: preline cmd [ arg ... ]";

struct Line {
    char leave_out, put_in;
    const char* variable;
    bool wanted = true;
    std::string text = {};
};

int feed_with_lines(const std::vector<std::string>& words)
{
    Line lines[] = {{'f', 'F', "UFLINE"}, {'r', 'R', "RPLINE"}, {'d', 'D', "DTLINE"}};
    const auto environment = Environment::of_process();
    for (auto& line : lines) {
        const auto value = environment.get(line.variable);
        if (!value) throw Stop{100, usage};
        line.text = *value;
    }
    Arguments arguments(words, "frdFRD");
    while (const auto letter = arguments.next()) {
        if (*letter == '?') {
            log_line(2, arguments.complaint());
            throw Stop{100, usage};
        }
        for (auto& line : lines) {
            if (*letter == line.leave_out) line.wanted = false;
            if (*letter == line.put_in) line.wanted = true;
        }
    }
    const auto command = arguments.rest();
    if (command.empty()) throw Stop{100, usage};
    std::string head;
    for (const auto& line : lines)
        if (line.wanted) head += line.text;
    return feed({command, "preline", head, 100});
}

}

int main(int count, char** words)
{
    return run("preline", [&] { return feed_with_lines(argument_words(count, words)); });
}
