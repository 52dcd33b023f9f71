#include "base/net/openssl_layer.hpp"

#include "base/net/openssl_peer.hpp"

#include <cerrno>
#include <new>

namespace grapnel::net::openssl {

namespace {

// OpenSSL's own socket BIO would wait on a descriptor that somebody else wants blocking, and would
// write without MSG_NOSIGNAL.
RawOctets& below(BIO* bio) { return *static_cast<RawOctets*>(BIO_get_data(bio)); }

int finish(BIO* bio, ssize_t moved, int retry)
{
    BIO_clear_retry_flags(bio);
    if (moved < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
    return static_cast<int>(moved);
}

int put(BIO* bio, const char* bytes, int size)
{
    return finish(bio, below(bio).put(bytes, static_cast<std::size_t>(size)), BIO_FLAGS_WRITE);
}

int take(BIO* bio, char* room, int size)
{
    const auto got = below(bio).take(room, static_cast<std::size_t>(size));
    if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return finish(bio, got, BIO_FLAGS_READ);
}

long control(BIO* bio, int command, long, void*)
{
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP ? 1 : 0;
}

// Lives as long as the process does.
const BIO_METHOD* method()
{
    static const BIO_METHOD* const made = [] {
        BIO_METHOD* const result =
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "a Stream's descriptors");
        if (!result) throw std::bad_alloc();
        BIO_meth_set_write(result, put);
        BIO_meth_set_read(result, take);
        BIO_meth_set_ctrl(result, control);
        return result;
    }();
    return made;
}

class Layer final : public TlsLayer {
public:
    Layer(Connection ssl, std::shared_ptr<void> kept) : kept_(std::move(kept)), ssl_(std::move(ssl))
    {
    }

    void begin(RawOctets& below) override
    {
        BIO* const bio = BIO_new(method());
        if (!bio) throw std::bad_alloc();
        BIO_set_data(bio, &below);
        BIO_set_init(bio, 1);
        SSL_set_bio(ssl_.get(), bio, bio);
    }

    Step shake_hands() override
    {
        ERR_clear_error();
        const int result = SSL_do_handshake(ssl_.get());
        if (result != 1) return trouble(result);
        facts_ = facts_of(ssl_.get());
        open_ = true;
        return {};
    }

    Step read(char* room, std::size_t size) override
    {
        ERR_clear_error();
        Step step;
        const int result = SSL_read_ex(ssl_.get(), room, size, &step.size);
        return result == 1 ? step : trouble(result);
    }

    Step write(std::string_view bytes) override
    {
        ERR_clear_error();
        Step step;
        const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &step.size);
        return result == 1 ? step : trouble(result);
    }

    bool input_waiting() override
    {
        ERR_clear_error();
        char byte = 0;
        std::size_t size = 0;
        const bool waiting = SSL_peek_ex(ssl_.get(), &byte, 1, &size) == 1;
        ERR_clear_error();   // whoever reads next meets it again
        return waiting;
    }

    void say_goodbye() override
    {
        if (!open_) return;
        open_ = false;
        SSL_shutdown(ssl_.get());
        ERR_clear_error();
    }

    const TlsFacts& facts() const override { return facts_; }

    std::optional<std::string> channel_binding(std::string_view type) const override
    {
        if (type == "tls-exporter") return exporter_binding(ssl_.get());
        if (type == "tls-server-end-point") return end_point_binding(ssl_.get());
        return std::nullopt;
    }

private:
    // After an error nothing may be said any more (SSL_get_error(3)). A connection that just ends
    // ends like one that says so: what was cut short is for those to find who know what was due.
    Step trouble(int result)
    {
        const int error = SSL_get_error(ssl_.get(), result);
        const int number = errno;
        if (error == SSL_ERROR_WANT_READ) return {0, Need::input};
        if (error == SSL_ERROR_WANT_WRITE) return {0, Need::output};
        if (error == SSL_ERROR_ZERO_RETURN) return {0, Need::end};
        open_ = false;
        if (error == SSL_ERROR_SSL) {
            const auto code = ERR_peek_error();
            if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
                ERR_clear_error();
                return {0, Need::end};
            }
            if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
                ERR_clear_error();
                throw TlsFailed(X509_verify_cert_error_string(SSL_get_verify_result(ssl_.get())));
            }
            throw TlsFailed(take_errors());
        }
        ERR_clear_error();
        if (error == SSL_ERROR_SYSCALL && number != 0)
            throw std::system_error(number, std::generic_category(), "unable to use a connection");
        return {0, Need::end};
    }

    std::shared_ptr<void> kept_;   // shared with all connections of one server
    Connection ssl_;
    TlsFacts facts_;
    bool open_ = false;   // the handshake is done, and nothing has gone wrong since
};

}

std::unique_ptr<TlsLayer> make_layer(Connection ssl, std::shared_ptr<void> kept)
{
    return std::make_unique<Layer>(std::move(ssl), std::move(kept));
}

}
