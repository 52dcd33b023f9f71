// Command lines: where one ends in the input, its verb, the path and parameters of MAIL and RCPT.
// RFC 5321 4.1. Pure; every limit on what a stranger can make us keep is here.
#pragma once

#include "smtpd/lax.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::smtpd {

inline constexpr std::size_t longest_command = 4096, longest_path = 1000, longest_local = 256,
                             longest_domain = 255, most_parameters = 100;
// AUTH and each answer of its exchange (RFC 4954 4, 4.5.3.1.4).
inline constexpr std::size_t longest_auth = 12288;
// Without a line end in so many octets nobody there speaks SMTP.
inline constexpr std::size_t hopeless_command = 65536;

struct CommandLine {
    enum class Fault { none, bare, too_long, hopeless };
    std::string text;   // without its end; empty with a fault
    Fault fault = Fault::none;
};

// Only CR LF ends a line (RFC 5321 2.3.8); with bare_lf classic qmail's reading: LF does, one CR
// before it is dropped, a NUL cuts the line.
class CommandReader {
public:
    explicit CommandReader(bool bare_lf = false) : bare_lf_(bare_lf) {}

    // Takes from the front of bytes up to and with a line end; nullopt: all taken, no end yet.
    std::optional<CommandLine> take(std::string_view& bytes);
    bool inside_line() const { return total_ > 0; }
    // What comes now is no command, but an answer in the exchange of AUTH.
    void expect_response(bool whether) { response_ = whether; }
    // What is being read, or was read last, may hold a password.
    bool is_secret() const { return response_ || secret_; }

private:
    std::size_t limit() const;
    void keep(std::string_view piece);
    std::optional<CommandLine> finish();

    std::string line_;
    std::size_t total_ = 0;   // octets of this line so far, kept or not
    bool bare_lf_, carriage_return_ = false, bare_ = false, response_ = false, secret_ = false;
};

struct Command {
    std::string_view verb, argument;
};
// The verb ends at the first blank; the argument begins after the blanks. Views into line.
Command split_command(std::string_view line);

// BDAT's argument (RFC 3030 2).
struct Chunk {
    std::uint64_t size = 0;
    bool last = false;
};
std::optional<Chunk> parse_chunk(std::string_view argument);

// How a path or a parameter is wrong; the session knows the reply.
enum class Fault {
    none,
    syntax,      // no FROM:, no brackets …
    mailbox,     // the address inside
    no_domain,   // a mailbox without @
    domain,      // too long
    too_long,
    control,   // controls in it
    non_ascii,
    parameter,   // unknown or switched off
    twice,       // given twice
    value,       // of a parameter
};

struct PathRules {
    bool brackets_optional = false, classic = false;   // classic: taken apart exactly as qmail did
    bool without_domain = false;                       // "joe" is taken
    bool controls = false, underscore = false;
    bool may_be_empty = false, may_be_postmaster = false;
    bool utf8 = false, utf8_where_asked = false;   // the latter: where SMTPUTF8 stands behind it
};

struct Path {
    std::string address;      // unquoted, as the queue holds it: the domain as the DNS knows it
    std::string as_given;     // what stood between the brackets
    std::string parameters;   // what follows the path
    bool literal = false;     // the domain is an address literal
    std::size_t route = 0;    // octets of it in as_given

    std::string_view mailbox() const { return std::string_view(as_given).substr(route); }
};

// argument: "FROM:<a@b> SIZE=1"; keyword: "FROM:".
Fault parse_path(std::string_view argument, std::string_view keyword, const PathRules& rules,
                 Path& path);

// A mailbox of RFC 5321 4.1.2, source route stripped; address becomes the unquoted form.
Fault parse_mailbox(std::string_view text, const PathRules& rules, Path& path);

constexpr bool is_control(char c) { return (c >= 0 && c < 32) || c == 127; }

// A domain, an address literal, or (underscores) what hosts call themselves: fit for EHLO.
bool is_host_name(std::string_view text, bool underscore);
bool is_address_literal(std::string_view text);

}
