// Reports of deliveries as SMTP replies, and these as records: always one line of a sane code, and
// what was written is read again.
#include "fuzz/require.hpp"
#include "send/reply_of.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace grapnel;
using namespace grapnel::send;

namespace {

void check(const hooks::Response& reply)
{
    require(reply.code >= 200 && reply.code <= 599);
    require(!reply.enhanced || reply.enhanced->front() == '0' + reply.code / 100);
    require(reply.message.find('\n') == std::string::npos && reply.message.size() <= 900);
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto decoded = decode_reply(bytes)) check(*decoded);
    if (bytes.empty()) return 0;
    const auto reply = reply_of(bytes.front(), bytes.substr(1));
    check(reply);
    const auto again = decode_reply(encode_reply(reply));
    require(again && again->code == reply.code);
    if (reply.enhanced) require(*again == reply);
    return 0;
}
