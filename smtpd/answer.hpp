// What a session says to one command: code, enhanced code, words, and whether it hangs up after
// that. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::smtpd {

struct Answer {
    int code = 0;
    std::string enhanced = {};   // "2.1.0"; empty: the text stands alone (greeting, EHLO, 354)
    std::vector<std::string> lines = {};   // at least one
    bool hang_up = false;
    std::string why = {};   // the rule, for the log of refusals

    Answer() = default;
    Answer(int number, std::string class_and_detail, std::string text)
        : code(number), enhanced(std::move(class_and_detail)), lines{std::move(text)}
    {
    }

    bool positive() const { return code < 400; }
    Answer& because(std::string rule)
    {
        why = std::move(rule);
        return *this;
    }
    Answer& and_hang_up()
    {
        hang_up = true;
        return *this;
    }
};

// Its octets, at the end of wire. RFC 2034: each line of a 2xx, 4xx, 5xx reply starts with the
// enhanced code.
void append(std::string& wire, const Answer& answer, bool with_enhanced_codes);

// "550 5.7.1 not you": the code and text that an entry of a list may carry. False where it does not
// begin with a code of class 4 or 5.
bool parse_code_and_text(std::string_view text, Answer& answer);

}
