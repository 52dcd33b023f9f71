// The text between 354 and CR LF . CR LF, or that of BDAT: dots unstuffed, line ends made LF,
// everything counted. Pure and streaming. Nothing but CR LF . CR LF ever ends the former (RFC 5321
// 4.1.1.4), whatever else is forgiven; the latter ends where the client said before. A binary body
// (RFC 3030) is kept as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace grapnel::smtpd {

// What a CR or LF by itself does. refuse: noticed, nothing more stored, read to the true end.
enum class BareLf { refuse, stop, line_end };   // stop: classic qmail, the session ends at once
enum class BareCr { refuse, keep, blank };

struct DataRules {
    BareLf bare_lf = BareLf::refuse;
    BareCr bare_cr = BareCr::refuse;
    std::uint64_t max_bytes = 0;   // stored ones; 0: no limit
    std::uint64_t max_line = 0;    // with its CR LF; 0: no limit
    unsigned max_hops = 100;       // so many Received and Delivered-To fields are a loop
    bool refuse_nul_in_header = true;
    bool chunks = false;   // BDAT: a dot is like any other octet, and nothing ends it
    bool binary = false;   // with chunks: behind the header octets are kept as they come
};

class DataReader {
public:
    explicit DataReader(const DataRules& rules) : rules_(rules) {}

    enum class State { more, ended, stopped };
    // Takes from the front of bytes what belongs to the message, and appends to stored what is to
    // be kept.
    State take(std::string_view& bytes, std::string& stored);

    // With chunks: no more will come.
    void end_chunks(std::string& stored);

    enum class Trouble { none, bare, too_big, line_too_long, nul_in_header, looping };
    Trouble trouble() const;   // the one to speak of
    std::uint64_t bytes() const { return bytes_; }
    bool needs_no_tls() const { return needs_no_tls_; }   // "TLS-Required: No" (RFC 8689 5)

private:
    enum class Place { line_start, text, carriage_return, dot, dot_return };

    void store(std::string_view piece, std::string& stored);
    void look_at(std::string_view piece);
    void end_line(std::string& stored);
    void note_field();
    bool take_text(std::string_view& bytes, std::string& stored);
    bool special(char c, std::string& stored);
    void bare_cr(bool behind_dot, std::string& stored);
    void bare_lf(std::string& stored);

    DataRules rules_;
    Place place_ = Place::line_start;
    bool ended_ = false, stopped_ = false, bare_ = false, nul_ = false, long_line_ = false;
    bool in_header_ = true, needs_no_tls_ = false;
    std::uint64_t bytes_ = 0, line_length_ = 0;
    unsigned hops_ = 0;
    std::string line_begin_;   // the first octets of a header line, lower case
};

}
