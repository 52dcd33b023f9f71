// The message on its way from the queue's form (LF) to the wire (CR LF, dots doubled). Pure, in
// pieces: no message is ever held whole. RFC 5321 4.5.2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace grapnel::remote {

// A CR that does not stand before a LF (control/barecr). None leaves us as it is.
enum class BareCr { space, fail };

// binary (RFC 3030): only the header is lines, and gets CR LF; what follows its empty line is sent
// octet for octet, by BDAT.
enum class TextForm { lines, binary };

// What must be known before MAIL is said.
class TextFacts {
public:
    void add(std::string_view piece);
    void finish();

    bool eight_bit() const { return eight_bit_; }
    bool eight_bit_header() const { return eight_bit_header_; }
    bool bare_cr() const { return bare_cr_; }
    // RFC 1870: CR LF counted, doubled dots not.
    std::uint64_t wire_size(TextForm form) const
    {
        return form == TextForm::binary ? binary_size_ : size_;
    }

private:
    std::uint64_t size_ = 0, binary_size_ = 0;
    bool header_ = true, eight_bit_header_ = false;
    bool eight_bit_ = false, bare_cr_ = false, pending_cr_ = false, line_start_ = true;
};

// In lines bare CRs become spaces.
class TextEncoder {
public:
    explicit TextEncoder(TextForm form = TextForm::lines) : form_(form) {}
    void add(std::string_view piece, std::string& wire);   // appends to wire
    void finish(std::string& wire);   // of lines: ends the last one, adds the final dot

private:
    void span(std::string_view bytes, std::string& wire);
    TextForm form_;
    bool line_start_ = true, pending_cr_ = false;
    bool as_it_is_ = false;   // behind the header of a binary message
};

}
