// A reply as it arrives: header lines and pieces of the body, measured against limits before they
// are kept (a peer may send anything, for ever). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::net {

struct HttpField {
    std::string name, value;
    bool operator==(const HttpField&) const = default;
};

enum class HttpTrouble : std::uint8_t {
    none,
    network,     // no connection, or it broke
    timeout,     // the deadline or the limit for connecting passed
    untrusted,   // the peer's certificate, or ours, is no good: trying again does not help
    malformed,   // no HTTP as it should be, or a limit on the header passed
    encoded,     // a Content-Encoding that nobody asked for
    too_large    // the body is over the limit
};

struct HttpReply {
    HttpTrouble trouble = HttpTrouble::none;
    std::string why = {};                 // of the trouble, printable
    int status = 0;                       // 0: no reply began
    std::vector<HttpField> fields = {};   // names in lower case
    std::string body = {};                // whole where the status is 2xx; else its beginning
    const std::string* field(std::string_view name) const;   // the first one; nullptr: none
};

class HttpReplyReader {
public:
    static constexpr std::size_t status_line_limit = 8192, header_limit = 65536, field_limit = 100,
                                 interim_limit = 10, refusal_limit = 4096;

    explicit HttpReplyReader(std::size_t body_limit) : body_limit_(body_limit) {}

    // One line with its end, a status line for each reply that begins, an empty one behind the
    // fields; later ones are trailers. false: stop here.
    bool line(std::string_view line);
    bool body(std::string_view piece);

    // Stopped though nothing is wrong: of a refusal enough has been seen.
    bool enough() const { return enough_; }
    bool has_header() const { return final_; }
    // A body is announced where there can be none: it may still come, before the next reply.
    bool has_stray_body() const { return stray_body_; }
    HttpReply& reply() { return reply_; }

private:
    bool fail(HttpTrouble trouble, std::string why);
    bool status_line(std::string_view line);
    bool field_line(std::string_view line);
    bool end_of_header();
    bool is_success() const { return reply_.status >= 200 && reply_.status < 300; }

    HttpReply reply_;
    std::size_t body_limit_, header_size_ = 0, body_size_ = 0, field_count_ = 0, interim_ = 0;
    bool in_fields_ = false, final_ = false, enough_ = false, stray_body_ = false;
};

}
