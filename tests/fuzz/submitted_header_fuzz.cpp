// corpus: the repairs of submitted messages, in any pieces: the same result, the body untouched,
// and what was removed is gone.
#include "smtpd/fixup/header_fixer.hpp"
#include "smtpd/fixup/mailboxes.hpp"

#include <cstdint>
#include <cstdlib>

using namespace grapnel;
using namespace grapnel::smtpd;

namespace {

void check(bool claim)
{
    if (!claim) std::abort();
}

std::optional<std::string> mended(std::string_view message, std::size_t piece)
{
    std::vector<std::string> unknown;
    FixupFacts facts;
    facts.words = FixupWords::parse(std::nullopt, unknown);
    facts.host = facts.id_host = "here.example";
    facts.id = "ID";
    facts.own = "joe@here.example";
    HeaderFixer fixer(std::move(facts));
    std::string out;
    for (std::size_t at = 0; at < message.size(); at += piece)
        fixer.take(message.substr(at, piece), out);
    if (!fixer.finish(out)) return std::nullopt;
    return out;
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view message(reinterpret_cast<const char*>(data), size);
    const auto whole = mended(message, size + 1);
    for (const std::size_t piece : {1u, 3u, 1000u})
        if (piece * 5000 >= size) check(mended(message, piece) == whole);
    if (whole) {
        const auto blank = message.find("\n\n");
        if (blank != std::string_view::npos) check(whole->ends_with(message.substr(blank + 1)));
        check(mended(*whole, 4096).has_value() || whole->size() > HeaderFixer::longest_header);
    }
    std::size_t last = 0;
    for (const auto& mailbox : find_mailboxes(message)) {
        check(mailbox.end >= last && mailbox.end <= message.size() && !mailbox.address.empty());
        last = mailbox.end;
    }
    const auto complete = with_domains(message, "here.example");
    check(complete.size() >= message.size());
    return 0;
}
