#include "base/net/http.hpp"

#include "base/net/curl_loop.hpp"
#include "base/sys/log.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>
#include <utility>
#include <vector>

namespace grapnel::net {

namespace {
struct DeleteEasy {
    void operator()(CURL* easy) const { ::curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, DeleteEasy>;
}

struct Http::State : std::enable_shared_from_this<Http::State> {
    State(Executor used, HttpOptions chosen)
        : executor(std::move(used)), options(std::move(chosen)), idle(executor)
    {
    }

    std::shared_ptr<CurlLoop> begin()
    {
        idle.cancel();
        if (!loop || loop->broken()) loop = std::make_shared<CurlLoop>(executor, most());
        ++busy;
        return loop;
    }

    long most() const
    {
        const auto each = multiplexes ? options.max_http2_connections : options.max_connections;
        return static_cast<long>(std::min(each, options.max_connections));
    }

    // Which HTTP it is shows when it has been spoken, and may be another after the peer's next
    // start.
    void spoken(bool http2)
    {
        if (std::exchange(multiplexes, http2) != http2 && loop) loop->allow(most());
    }

    // libcurl closes idle connections only when it has something to do.
    void end()
    {
        if (--busy > 0) return;
        idle.expires_after(options.idle_limit);
        idle.async_wait([weak = weak_from_this()](boost::system::error_code moved) {
            const auto self = weak.lock();
            if (!moved && self && self->busy == 0) self->loop.reset();
        });
    }

    // What libcurl allocates for each.
    Easy take_easy()
    {
        if (spare.empty()) return Easy(::curl_easy_init());
        auto easy = std::move(spare.back());
        spare.pop_back();
        return easy;
    }

    void give_back(Easy easy)
    {
        constexpr std::size_t most_spare = 64;
        if (spare.size() >= most_spare) return;
        ::curl_easy_reset(easy.get());
        spare.push_back(std::move(easy));
    }

    Executor executor;
    HttpOptions options;
    std::vector<Easy> spare;
    std::shared_ptr<CurlLoop> loop;
    asio::steady_timer idle;
    std::size_t busy = 0;
    bool multiplexes = false;
};

namespace {

// libcurl sends such a body with the header, in one call.
constexpr std::uint64_t most_beside_header = 64 * 1024;

struct DeleteList {
    void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};

HttpTrouble trouble_of(CURLcode code)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return HttpTrouble::timeout;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return HttpTrouble::untrusted;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:   // HTTP/0.9
    case CURLE_BAD_CONTENT_ENCODING:
        return HttpTrouble::malformed;
    default:
        return HttpTrouble::network;
    }
}

// One request under way; going out of scope takes it back.
class Exchange final : public CurlLoop::Transfer {
public:
    Exchange(std::shared_ptr<Http::State> state, HttpRequest request)
        : state_(std::move(state)),
          request_(std::move(request)),
          reader_(request_.answer_limit),
          finished_(state_->executor),
          easy_(state_->take_easy()),
          loop_(state_->begin())
    {
        try {
            configure();
        } catch (...) {
            state_->end();
            throw;
        }
        added_ = !body_failed_ && loop_->add(easy_.get(), this);
        if (!added_) ended(CURLE_FAILED_INIT);
    }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange()
    {
        if (ended_ && code_ == CURLE_OK) note_version();
        if (added_) loop_->remove(easy_.get());
        if (ended_ && code_ == CURLE_OK) state_->give_back(std::move(easy_));
        state_->end();
    }

    void ended(CURLcode code) override
    {
        ended_ = true;
        code_ = code;
        finished_.cancel();
    }

    asio::awaitable<void> wait()
    {
        if (ended_) co_return;
        boost::system::error_code error;
        finished_.expires_at(request_.deadline);
        auto token = asio::redirect_error(asio::use_awaitable, error);
        co_await finished_.async_wait(token);
        if (!ended_ && error) throw std::system_error(std::error_code(error));
    }

    HttpReply take()
    {
        HttpReply reply = std::move(reader_.reply());
        if (reply.trouble != HttpTrouble::none || reader_.enough()) return reply;
        if (!ended_) {
            reply.trouble = HttpTrouble::timeout;
            reply.why = "no complete reply in time";
        } else if (code_ != CURLE_OK) {
            reply.trouble = body_failed_ ? HttpTrouble::network : trouble_of(code_);
            reply.why = body_failed_ ? "unable to read what is to be sent" : words();
        } else if (!reader_.has_header()) {
            reply.trouble = HttpTrouble::network;
            reply.why = "no whole reply";
        }
        return reply;
    }

private:
    template <class Value>
    void set(CURLoption option, Value value)
    {
        if (::curl_easy_setopt(easy_.get(), option, value) != CURLE_OK)
            throw std::runtime_error("libcurl lacks option " + std::to_string(option));
    }

    void configure()
    {
        if (!easy_) throw std::bad_alloc();
        set(CURLOPT_ERRORBUFFER, error_.data());
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_QUICK_EXIT, 1L);   // a resolver that hangs must not hang the loop
        set(CURLOPT_URL, request_.url.c_str());
        set(CURLOPT_PATH_AS_IS, 1L);
        set(CURLOPT_PROTOCOLS_STR, "http,https");
        set(CURLOPT_FOLLOWLOCATION, 0L);
        set(CURLOPT_PROXY, "");
        set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
        set(CURLOPT_USERAGENT, state_->options.agent.c_str());
        set(CURLOPT_HTTP_CONTENT_DECODING, 0L);
        set(CURLOPT_MAXAGE_CONN, static_cast<long>(std::chrono::duration_cast<std::chrono::seconds>(
                                                       state_->options.idle_limit)
                                                       .count()));
        const auto left = std::min(request_.connect_limit,
                                   SteadyClock::duration(request_.deadline - SteadyClock::now()));
        const auto limit = std::chrono::ceil<std::chrono::milliseconds>(left).count();
        set(CURLOPT_CONNECTTIMEOUT_MS, std::max(1L, static_cast<long>(limit)));
        configure_tls();
        configure_request();
        set(CURLOPT_HEADERFUNCTION, &Exchange::on_header);
        set(CURLOPT_HEADERDATA, this);
        set(CURLOPT_WRITEFUNCTION, &Exchange::on_body);
        set(CURLOPT_WRITEDATA, this);
    }

    void configure_tls()
    {
        const auto& options = state_->options;
        const bool tls = request_.url.starts_with("https:");
        set(CURLOPT_HTTP_VERSION,
            static_cast<long>(tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
        set(CURLOPT_PIPEWAIT, 1L);   // requests share one HTTP/2 connection
        set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        set(CURLOPT_SSL_VERIFYPEER, 1L);
        set(CURLOPT_SSL_VERIFYHOST, 2L);
        // The system's as a directory: the bundle takes tens of milliseconds to read.
        const bool own = !options.ca_file.empty();
        set(CURLOPT_CAINFO, own ? options.ca_file.c_str() : nullptr);
        set(CURLOPT_CAPATH, own ? nullptr : "/etc/ssl/certs");
        if (request_.anonymous || options.client_cert_file.empty()) return;
        set(CURLOPT_SSLCERT, options.client_cert_file.c_str());
        set(CURLOPT_SSLKEY, options.client_key_file.c_str());
    }

    void configure_request()
    {
        if (request_.body && request_.body_size < most_beside_header) {
            read_small_body();
            set(CURLOPT_POST, 1L);
            set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(small_.size()));
            set(CURLOPT_POSTFIELDS, small_.data());
            add_field("Expect:");   // none
        } else if (request_.body) {
            set(CURLOPT_POST, 1L);
            set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body_size));
            set(CURLOPT_READFUNCTION, &Exchange::on_read);
            set(CURLOPT_READDATA, this);
            set(CURLOPT_SEEKFUNCTION, &Exchange::on_seek);
            set(CURLOPT_SEEKDATA, this);
            read_ = request_.body();
            left_ = request_.body_size;
            add_field("Expect:");   // none
        } else {
            set(CURLOPT_HTTPGET, 1L);
        }
        set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
        add_field("Accept-Encoding: identity");
        for (const auto& [name, value] : request_.fields) add_field(name + ": " + value);
        set(CURLOPT_HTTPHEADER, fields_.get());
    }

    void note_version()
    {
        long version = 0;
        ::curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_VERSION, &version);
        state_->spoken(version == CURL_HTTP_VERSION_2_0);
    }

    void read_small_body()
    {
        small_.resize(static_cast<std::size_t>(request_.body_size));
        try {
            const auto read = request_.body();
            for (std::size_t filled = 0; filled < small_.size() && !body_failed_;) {
                const auto count = read(small_.data() + filled, small_.size() - filled);
                filled += count;
                body_failed_ = count == 0;
            }
        } catch (const std::exception&) {
            body_failed_ = true;
        }
    }

    void add_field(const std::string& line)
    {
        const auto hurts = [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; };
        if (std::any_of(line.begin(), line.end(), hurts))
            throw std::invalid_argument("control character in a header field");
        curl_slist* const longer = ::curl_slist_append(fields_.get(), line.c_str());
        if (!longer) throw std::bad_alloc();
        static_cast<void>(fields_.release());
        fields_.reset(longer);
    }

    // What libcurl says may hold words of the peer.
    std::string words() const
    {
        const std::string_view said = error_.data();
        return printable(said.empty() ? ::curl_easy_strerror(code_) : said, 200);
    }

    static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self)
    {
        auto* exchange = static_cast<Exchange*>(self);
        const auto kept = exchange->keep(size, [&](HttpReplyReader& reader) {
            return reader.line({data, size});
        });
        if (exchange->reader_.has_stray_body())
            ::curl_easy_setopt(exchange->easy_.get(), CURLOPT_FORBID_REUSE, 1L);
        return kept;
    }
    static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self)
    {
        return static_cast<Exchange*>(self)->keep(size, [&](HttpReplyReader& reader) {
            return reader.body({data, size});
        });
    }
    template <class Read>
    std::size_t keep(std::size_t size, Read read)
    {
        try {
            return read(reader_) ? size : 0;
        } catch (const std::exception&) {
            return 0;   // memory
        }
    }

    static std::size_t on_read(char* room, std::size_t, std::size_t size, void* self)
    {
        auto* exchange = static_cast<Exchange*>(self);
        try {
            const auto most = std::min<std::uint64_t>(size, exchange->left_);
            const auto count = most == 0 ? 0 : exchange->read_(room, most);
            exchange->left_ -= count;
            if (count > 0 || most == 0) return count;
        } catch (const std::exception&) {
        }
        exchange->body_failed_ = true;
        return CURL_READFUNC_ABORT;
    }
    static int on_seek(void* self, curl_off_t offset, int origin)
    {
        auto* exchange = static_cast<Exchange*>(self);
        if (offset != 0 || origin != SEEK_SET) return CURL_SEEKFUNC_FAIL;
        try {
            exchange->read_ = exchange->request_.body();
            exchange->left_ = exchange->request_.body_size;
            return CURL_SEEKFUNC_OK;
        } catch (const std::exception&) {
            return CURL_SEEKFUNC_FAIL;
        }
    }

    std::shared_ptr<Http::State> state_;
    HttpRequest request_;
    HttpReplyReader reader_;
    asio::steady_timer finished_;
    std::array<char, CURL_ERROR_SIZE> error_{};
    std::unique_ptr<curl_slist, DeleteList> fields_;
    ReadBody read_;
    std::uint64_t left_ = 0;
    std::string small_;
    CURLcode code_ = CURLE_OK;
    bool ended_ = false, added_ = false, body_failed_ = false;
    Easy easy_;
    std::shared_ptr<CurlLoop> loop_;
};

asio::awaitable<HttpReply> exchange(std::shared_ptr<Http::State> state, HttpRequest request)
{
    if (request.deadline <= SteadyClock::now())
        co_return HttpReply{HttpTrouble::timeout, "no time left"};
    Exchange under_way(std::move(state), std::move(request));
    co_await under_way.wait();
    co_return under_way.take();
}

}

Http::Http(Executor executor, HttpOptions options)
    : state_(std::make_shared<State>(std::move(executor), std::move(options)))
{
}

Http::~Http() = default;

asio::awaitable<HttpReply> Http::ask(HttpRequest request)
{
    return exchange(state_, std::move(request));
}

}
