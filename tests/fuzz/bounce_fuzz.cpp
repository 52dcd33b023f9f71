// Failure paragraphs: recipient, NUL, report. Inside there is no empty line, so that a paragraph
// cut short anywhere is known by its end, and what stood before it stays.
#include "fuzz/require.hpp"
#include "send/bounce.hpp"

#include "base/text.hpp"
#include "send/routing.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

using namespace grapnel;
using namespace grapnel::send;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto recipient = take_until(bytes, '\0').value_or("a@b.example");
    const std::string first = failure_paragraph("x@y.example", "no\n");
    const std::string paragraph = failure_paragraph(recipient, bytes);
    require(paragraph.starts_with('<') && paragraph.ends_with("\n\n"));
    require(torn_tail(first + paragraph) == 0);
    const auto end = paragraph.find("\n\n");
    require(end + 3 >= paragraph.size());   // a report's own last empty line may stay
    for (std::size_t length = 0; length < end + 2 && length < 2000; ++length)
        require(torn_tail(first + paragraph.substr(0, length)) == length);

    const auto failures = read_failures(first + paragraph + first + paragraph.substr(0, end), 9);
    require(failures.size() == 3 && failures[0] == failures[2]);
    require(failures[0] == FailureParagraph{"x@y.example", "no\n"});
    require(failures[1].recipient == shown_recipient(recipient));
    read_failures(bytes, 9);

    const BounceNames names{std::string(recipient), "h.example", "p@h.example"};
    const auto notice = make_notice(names, bytes, 0);
    require(!notice == (without_verp_mark(bytes) == "#@[]"));
    return 0;
}
