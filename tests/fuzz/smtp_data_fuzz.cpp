// The text between 354 and CR LF . CR LF: the streaming decoder against the plain table, cut at any
// place.
#include "smtpd/data.hpp"
#include "smtpd/data_reference.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace grapnel::smtpd;

namespace {

void check(bool claim)
{
    if (!claim) std::abort();
}

struct Outcome {
    std::string stored;
    DataReader::State state;
    DataReader::Trouble trouble;
    std::size_t taken;
    bool operator==(const Outcome&) const = default;
};

Outcome decode(std::string_view wire, std::size_t cut, const DataRules& rules)
{
    DataReader reader(rules);
    Outcome outcome{};
    auto first = wire.substr(0, cut), second = wire.substr(cut);
    outcome.state = reader.take(first, outcome.stored);
    check(first.empty() || outcome.state != DataReader::State::more);
    if (outcome.state == DataReader::State::more)
        outcome.state = reader.take(second, outcome.stored);
    outcome.trouble = reader.trouble();
    outcome.taken = wire.size() - first.size() - second.size();
    return outcome;
}

// The same as chunks: all of it is the message, and a cut anywhere makes no difference.
std::string chunks(std::string_view wire, std::size_t cut, bool& bare)
{
    DataRules rules;
    rules.chunks = true;
    rules.refuse_nul_in_header = false;
    rules.max_hops = 1000000;
    DataReader reader(rules);
    std::string stored;
    for (auto piece : {wire.substr(0, cut), wire.substr(cut)}) {
        check(reader.take(piece, stored) == DataReader::State::more);
        check(piece.empty());
    }
    reader.end_chunks(stored);
    bare = reader.trouble() == DataReader::Trouble::bare;
    return bare ? "" : stored;
}

// A binary body is kept, wherever it is cut; its header is what it would be alone.
void check_binary(std::string_view wire)
{
    std::string body(wire);
    const std::string header = "A: b\r\n\r\n";
    DataRules rules;
    rules.chunks = rules.binary = true;
    const std::size_t most = wire.size() < 50 ? wire.size() : 50;
    for (std::size_t cut = 0; cut <= header.size() + most; ++cut) {
        const auto all = header + body;
        DataReader reader(rules);
        std::string stored;
        for (auto piece : {std::string_view(all).substr(0, cut), std::string_view(all).substr(cut)})
            check(reader.take(piece, stored) == DataReader::State::more);
        reader.end_chunks(stored);
        check(reader.trouble() == DataReader::Trouble::none);
        check(stored == "A: b\n\n" + body);
    }
    DataReader reader(rules);   // whose header is the fuzzer's
    std::string stored;
    reader.take(wire, stored);
    reader.end_chunks(stored);
    const auto end = stored.find("\n\n");
    check(reader.trouble() != DataReader::Trouble::none || stored.starts_with('\n') ||
          stored.substr(0, end).find('\r') == std::string::npos);
}

void check_chunks(std::string_view wire)
{
    std::string plain;
    bool good = true;
    for (std::size_t i = 0; i < wire.size(); ++i) {
        const bool line_end = wire[i] == '\r' && i + 1 < wire.size() && wire[i + 1] == '\n';
        good = good && (line_end || (wire[i] != '\r' && wire[i] != '\n'));
        plain += line_end ? '\n' : wire[i];
        if (line_end) ++i;
    }
    const std::size_t most = wire.size() < 200 ? wire.size() : 200;
    for (std::size_t cut = 0; cut <= most; ++cut) {
        bool bare = false;
        const auto stored = chunks(wire, cut, bare);
        check(bare == !good);
        check(bare || stored == plain);
    }
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 1) return 0;
    const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size - 1);
    check_chunks(wire);
    check_binary(wire);
    DataRules rules;
    rules.refuse_nul_in_header = false;
    rules.max_hops = 1000000;
    // What was stored before a fault is of no use to anybody, and where it stops depends on the
    // pieces.
    const auto settled = [&](std::size_t cut) {
        auto outcome = decode(wire, cut, rules);
        if (outcome.trouble != DataReader::Trouble::none) outcome.stored.clear();
        return outcome;
    };
    const auto whole = decode(wire, wire.size(), rules);
    const auto plain = grapnel::test::reference_text(wire);
    check(plain.has_value() == (whole.state == DataReader::State::ended));
    if (plain) {
        check(plain->bad == (whole.trouble == DataReader::Trouble::bare));
        check(plain->end == whole.taken);
        check(plain->stored == whole.stored);
    }
    // Whatever is forgiven, the end is the same, and so is every way of cutting.
    rules.bare_lf = static_cast<BareLf>(data[0] % 3);
    rules.bare_cr = static_cast<BareCr>(data[0] / 3 % 3);
    rules.max_bytes = data[0] / 9;
    rules.refuse_nul_in_header = true;
    rules.max_hops = 2;
    rules.max_line = 12;
    const auto forgiving = settled(wire.size());
    if (plain && forgiving.state != DataReader::State::stopped)
        check(forgiving.taken == plain->end);
    const std::size_t most = wire.size() < 200 ? wire.size() : 200;
    for (std::size_t cut = 0; cut <= most; ++cut) check(settled(cut) == forgiving);
    return 0;
}
