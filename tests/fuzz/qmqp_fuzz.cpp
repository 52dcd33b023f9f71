// QMQP requests from a stream: the same whole and in pieces; one that is whole is understood again
// when it is written anew.
#include "base/mail/netstring.hpp"
#include "fuzz/require.hpp"
#include "smtpd/qmqp_reader.hpp"

#include <cstdint>
#include <cstdlib>
#include <vector>

using namespace grapnel;
using smtpd::QmqpReader;

namespace {

struct Request {
    QmqpReader::Step last = QmqpReader::Step::more;
    std::string message;
    std::vector<std::optional<std::string>> addresses;
    bool begun = false;
    bool operator==(const Request&) const = default;
};

Request read_in_pieces(std::string_view bytes, std::size_t piece)
{
    QmqpReader reader;
    Request request;
    while (!bytes.empty()) {
        auto part = bytes.substr(0, piece);
        bytes.remove_prefix(part.size());
        for (;;) {
            const auto left = part.size();
            const auto step = reader.take(part);
            using Step = QmqpReader::Step;
            request.last = step;
            if (step == Step::more) {
                require(part.empty());
                break;
            }
            if (step == Step::malformed || step == Step::too_large || step == Step::end)
                return request;
            require(part.size() < left);
            if (step == Step::begin) {
                require(!request.begun);
                request.begun = true;
            }
            if (step == Step::text) request.message += reader.text();
            if (step == Step::sender || step == Step::recipient) {
                require((step == Step::sender) == request.addresses.empty());
                request.addresses.push_back(reader.address());
                require(!reader.address() || reader.address()->size() < 1000);
            }
        }
    }
    return request;
}

std::string written(const Request& request)
{
    std::string inner = encode_netstring(request.message);
    for (const auto& address : request.addresses)
        inner += encode_netstring(address.value_or(std::string(1000, 'x')));
    return encode_netstring(inner);
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto at_once = read_in_pieces(bytes, size + 1);
    require(at_once == read_in_pieces(bytes, 1) && at_once == read_in_pieces(bytes, 7));
    if (at_once.last == QmqpReader::Step::end) {
        require(!at_once.addresses.empty());
        require(read_in_pieces(written(at_once), 5) == at_once);
    }
    return 0;
}
