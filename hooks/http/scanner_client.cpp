#include "hooks/http/scanner_client.hpp"

#include "base/net/digest.hpp"
#include "build_config.hpp"
#include "hooks/http/signature.hpp"

#include <ctime>
#include <vector>

namespace grapnel::hooks {

namespace {

// Others have their turn: a message may be large.
net::asio::awaitable<std::string> digest(std::function<net::ReadBody()> open)
{
    constexpr std::size_t piece = 65536, turn = 16;
    std::vector<char> room(piece);
    net::Sha256 sum;
    const auto read = open();
    for (std::size_t pieces = 1;; ++pieces) {
        const auto count = read(room.data(), room.size());
        if (count == 0) break;
        sum.add({room.data(), count});
        if (pieces % turn == 0) co_await net::yield_turn();
    }
    co_return sum.finish();
}

}

std::shared_ptr<SentBody> sent_body(Serialization serialization, std::string bytes)
{
    const auto size = bytes.size();
    const auto shared = std::make_shared<const std::string>(std::move(bytes));
    auto open = [shared]() -> net::ReadBody {
        return [shared, at = std::size_t{0}](char* room, std::size_t most) mutable {
            const auto count = shared->copy(room, most, at);
            at += count;
            return count;
        };
    };
    return std::make_shared<SentBody>(SentBody{std::move(open), size, serialization});
}

ScannerClient::ScannerClient(net::Executor executor, const ScannerSettings& settings)
    : executor_(std::move(executor)),
      ca_file_(settings.ca_file),
      max_connections_(settings.max_connections)
{
    use(settings.credentials);
}

void ScannerClient::use(Credentials credentials)
{
    credentials_ = std::move(credentials);
    net::HttpOptions options;
    options.ca_file = ca_file_;
    options.client_cert_file = credentials_.client_cert_file;
    options.client_key_file = credentials_.client_key_file;
    options.agent = std::string("grapnel/") + build::version;
    options.max_connections = max_connections_;
    http_ = std::make_unique<net::Http>(executor_, options);
}

net::asio::awaitable<net::HttpReply> ScannerClient::ask(ScannerRequest request)
{
    net::HttpRequest http;
    http.method = request.method;
    http.url = request.url;
    http.answer_limit = request.answer_limit;
    http.deadline = request.deadline;
    http.anonymous = request.anonymous;
    http.fields.push_back({"Accept", std::string(media_type(request.accept))});
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) http.fields.push_back({name, value});
    };
    add("X-MTA-Hooks-Registration", request.registration);
    add("X-MTA-Hooks-Request-Id", request.request_id);
    if (request.body) {
        add("Content-Type", std::string(media_type(request.body->serialization)));
        http.body = request.body->open;
        http.body_size = request.body->size;
    }
    if (!request.anonymous && !credentials_.hmac_key.empty()) {
        if (request.body && request.body->sha256.empty())
            request.body->sha256 = co_await digest(request.body->open);
        const SignedParts parts{request.method, request.url,
                                request.body ? request.body->sha256 : std::string(),
                                request.registration, request.request_id};
        for (auto& field :
             signature(parts, credentials_.hmac_key, credentials_.hmac_key_id, std::time(nullptr)))
            http.fields.push_back(std::move(field));
    }
    if (!request.anonymous && !credentials_.token.empty())
        add("Authorization", "Bearer " + credentials_.token);
    co_return co_await http_->ask(std::move(http));
}

}
