#include "support/http_scanner.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <stdexcept>

namespace grapnel::test {

namespace {

// Debian's own, which has Debian's python3-cbor2.
const std::string python = "/usr/bin/python3", program = SCANNER_PROGRAM;

Launch launch(const Certificates* tls)
{
    Launch launch{{python, program}, {"PATH=/usr/bin:/bin"}};
    if (tls) launch.argv.insert(launch.argv.end(), {"--tls", tls->path()});
    return launch;
}

}

Certificates::Certificates()
{
    const auto made =
        run({{python, program, "--make-certificates", path()}, {"PATH=/usr/bin:/bin"}});
    if (!(made == 0)) throw std::runtime_error("unable to make certificates: " + made.errors);
}

HttpScanner::HttpScanner(const Certificates* tls)
    : url_(tls ? "https://127.0.0.1:" : "http://127.0.0.1:"), process_(launch(tls))
{
    if (!process_.wait_for_output("\n"))
        throw std::runtime_error("scanner.py does not start: " + process_.errors());
    std::string_view first = process_.output();
    first = first.substr(0, first.find('\n'));
    port_ = parse_number<Port>(first.substr(std::string_view("port ").size())).value();
}

std::string HttpScanner::url() const { return url_ + std::to_string(port_) + '/'; }

void HttpScanner::tell(const std::string& command)
{
    auto line = command;
    std::replace(line.begin(), line.end(), '\n', ' ');
    process_.write(line + '\n');
    if (!process_.wait_for_output("ok " + std::to_string(++told_) + '\n'))
        throw std::runtime_error("scanner.py: " + process_.errors());
}

std::vector<std::string> HttpScanner::requests()
{
    tell(R"({"requests": true})");
    std::vector<std::string> all;
    constexpr std::string_view mark = "request ";
    for (const auto line : split(process_.output(), '\n'))
        if (line.starts_with(mark)) all.emplace_back(line.substr(mark.size()));
    return all;
}

}
