// The message on its way from the queue's form (LF) to the wire (CR LF, dots doubled). Pure, in
// pieces: no message is ever held whole. RFC 5321 4.5.2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace grapnel::remote {

// A CR that does not stand before a LF (control/barecr). None leaves us as it is.
enum class BareCr { space, fail };

// What must be known before MAIL is said.
class TextFacts {
public:
    void add(std::string_view piece);
    void finish();

    bool eight_bit() const { return eight_bit_; }
    bool eight_bit_header() const { return eight_bit_header_; }
    bool bare_cr() const { return bare_cr_; }
    std::uint64_t wire_size() const { return size_; }   // RFC 1870: CR LF counted, doubled dots not

private:
    std::uint64_t size_ = 0;
    bool header_ = true, eight_bit_header_ = false;
    bool eight_bit_ = false, bare_cr_ = false, pending_cr_ = false, line_start_ = true;
};

// Bare CRs become spaces.
class TextEncoder {
public:
    void add(std::string_view piece, std::string& wire);   // appends to wire
    void finish(std::string& wire);                        // ends the last line, adds the final dot

private:
    void span(std::string_view bytes, std::string& wire);
    bool line_start_ = true, pending_cr_ = false;
};

}
