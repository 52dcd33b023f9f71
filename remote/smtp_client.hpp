// One SMTP conversation over a connection: carries what SmtpDialogue decides, within time limits.
#pragma once

#include "base/net/stream.hpp"
#include "base/result.hpp"
#include "remote/message_file.hpp"
#include "remote/smtp_dialogue.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace grapnel::remote {

struct AnswerLimits {
    std::chrono::seconds each{1200};   // control/timeoutremote
    bool trusted = false;              // also below what RFC 5321 4.5.3.2 demands
    std::chrono::seconds of(SmtpDialogue::Wait wait) const;
    std::chrono::seconds of_text_block() const;
};

// TLS for this connection, made when it is wanted; a Failure's text is that of a report.
using TlsMaker = std::function<Result<std::unique_ptr<net::TlsLayer>>()>;

// Until the dialogue is over, whatever happens to the connection. Throws nothing but bad_alloc.
boost::asio::awaitable<void> converse(net::Stream& stream, SmtpDialogue& dialogue,
                                      MessageFile& message, BareCr bare_cr, AnswerLimits limits,
                                      const TlsMaker& make_tls);

// Whether it is heard or not: the matter is settled.
boost::asio::awaitable<void> say_quit(net::Stream& stream);

}
