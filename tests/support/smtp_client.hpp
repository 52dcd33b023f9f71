// A raw SMTP dialogue from the client's side: over TCP, or over the descriptors of a one-shot
// qmail-smtpd.
#pragma once

#include "base/sys/fd.hpp"
#include "support/ports.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace grapnel::test {

class SmtpClient {
public:
    explicit SmtpClient(
        Port port);   // connects (waits till somebody listens) and reads the greeting
    SmtpClient(int reader, int writer);   // descriptors of another owner; reads the greeting
    const std::string& greeting() const { return greeting_; }

    // Sends line CR LF, returns the whole reply without its last CR LF ("250-a\r\n250 b"); "" when
    // the server has closed, or "(timeout)".
    std::string command(std::string_view line);
    void send(std::string_view bytes);   // as they are; a closed connection is ignored
    std::string reply();
    bool closed();   // waits for the end of the connection, ignoring what comes before

    // EHLO, MAIL, RCPT for each, DATA and the message. message has LF line ends; CR LF and dots are
    // put in. The reply to the dot, or the first reply that was no success.
    std::string deliver(std::string_view sender, const std::vector<std::string>& recipients,
                        std::string_view message);

    void close_writing();
    void disconnect();

private:
    std::string take_line();
    Fd socket_;
    int reader_ = -1, writer_ = -1;
    std::string buffer_, greeting_;
};

// LF to CR LF, and a dot before each dot that begins a line; ends with CR LF "." CR LF.
std::string as_data(std::string_view message);
// The inverse for text recorded up to, not including, the final dot line.
std::string from_data(std::string_view wire);

}
