#include "hooks/server/recording.hpp"

#include <algorithm>
#include <utility>

namespace grapnel::hooks {

namespace {

constexpr std::size_t longest_kept = 4u << 20;

std::string text_of(const RequestBody& body)
{
    std::string text(std::min<std::uint64_t>(body.size(), longest_kept), '\0');
    RequestBody::Reader reader(body);
    std::size_t size = 0;
    while (size < text.size()) {
        const auto count = reader.read(text.data() + size, text.size() - size);
        if (count == 0) break;
        size += count;
    }
    text.resize(size);
    return text;
}

}

net::asio::awaitable<CallOutcome> RecordingScanner::call(Stage stage, std::uint64_t message_size,
                                                         MakeBody body,
                                                         std::chrono::milliseconds limit)
{
    std::shared_ptr<const RequestBody> sent;   // the last one: an agreement may change meanwhile
    const MakeBody make = [&sent, &body](const Agreement& agreement) {
        return sent = body(agreement);
    };
    auto outcome = co_await of_->call(stage, message_size, make, limit);
    RecordedCall call;
    call.scanner = settings().name;
    call.stage = stage;
    if (sent) {
        call.serialization = sent->serialization();
        call.request = text_of(*sent);
    }
    call.outcome = outcome;
    tell_(call);
    co_return outcome;
}

}
