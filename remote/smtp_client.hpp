// One SMTP conversation over a connection: carries what SmtpDialogue decides, within time limits.
#pragma once

#include "base/net/stream.hpp"
#include "remote/message_file.hpp"
#include "remote/smtp_dialogue.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>

namespace grapnel::remote {

struct AnswerLimits {
    std::chrono::seconds each{1200};   // control/timeoutremote
    bool trusted = false;              // also below what RFC 5321 4.5.3.2 demands
    std::chrono::seconds of(SmtpDialogue::Wait wait) const;
    std::chrono::seconds of_text_block() const;
};

// The connection is there, nothing was said yet. Throws nothing but bad_alloc.
boost::asio::awaitable<Verdict> converse(net::Stream stream, Errand errand, MessageFile& message,
                                         BareCr bare_cr, AnswerLimits limits);

}
