// What a child tells qmail-lspawn of qmail-getpw's answer, and the answer itself: whatever bytes
// come, the table stays small, and what is understood is told again as it was.
#include "fuzz/require.hpp"
#include "local/answers.hpp"

#include <cstdint>
#include <cstdlib>

using namespace grapnel::local;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    static Answers answers;
    answers.keep(bytes);
    require(answers.size() <= Answers::most);
    if (const auto user = decode_user(bytes)) require(decode_user(encode(*user)).value() == *user);
    const auto answer = decode_answer(bytes);
    if (!answer) return 0;
    require(decode_answer(encode(*answer)).value() == *answer);
    if (answer->edition != answers.edition() || size > Answers::longest) return 0;
    require(answers.find(answer->local, answer->asked) == answer->user);
    return 0;
}
