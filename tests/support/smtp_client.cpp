#include "support/smtp_client.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace grapnel::test {

SmtpClient::SmtpClient(Port port)
    : socket_(connect_to(port, patience)), reader_(socket_.get()), writer_(socket_.get())
{
    greeting_ = reply();
}

SmtpClient::SmtpClient(int reader, int writer) : reader_(reader), writer_(writer)
{
    ::signal(SIGPIPE, SIG_IGN);
    greeting_ = reply();
}

std::string SmtpClient::command(std::string_view line)
{
    send(std::string(line) + "\r\n");
    return reply();
}

void SmtpClient::send(std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t count = socket_ ? ::send(writer_, bytes.data(), bytes.size(), MSG_NOSIGNAL)
                                      : ::write(writer_, bytes.data(), bytes.size());
        if (count <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

std::string SmtpClient::take_line()
{
    for (;;) {
        if (const auto end = buffer_.find('\n'); end != std::string::npos) {
            std::string line = buffer_.substr(0, end + 1);
            buffer_.erase(0, end + 1);
            return line;
        }
        if (!readable(reader_, patience)) return "(timeout)";
        std::array<char, 4096> more;
        const ssize_t count = ::read(reader_, more.data(), more.size());
        if (count <= 0) return std::exchange(buffer_, "");
        buffer_.append(more.data(), static_cast<std::size_t>(count));
    }
}

std::string SmtpClient::reply()
{
    std::string whole;
    for (;;) {
        const std::string line = take_line();
        whole += line;
        if (line.size() < 4 || line[3] != '-') break;
    }
    while (!whole.empty() && (whole.back() == '\n' || whole.back() == '\r')) whole.pop_back();
    return whole;
}

bool SmtpClient::closed()
{
    for (;;) {
        if (!readable(reader_, patience)) return false;
        std::array<char, 4096> rest;
        if (::read(reader_, rest.data(), rest.size()) <= 0) return true;
    }
}

std::string SmtpClient::deliver(std::string_view sender, const std::vector<std::string>& recipients,
                                std::string_view message)
{
    std::vector<std::string> commands{"EHLO client.example",
                                      "MAIL FROM:<" + std::string(sender) + '>'};
    for (const auto& recipient : recipients) commands.push_back("RCPT TO:<" + recipient + '>');
    for (const auto& line : commands)
        if (const auto answer = command(line); !answer.starts_with('2')) return answer;
    if (const auto answer = command("DATA"); !answer.starts_with("354")) return answer;
    send(as_data(message));
    return reply();
}

void SmtpClient::close_writing() { ::shutdown(writer_, SHUT_WR); }

void SmtpClient::disconnect()
{
    socket_.reset();
    reader_ = writer_ = -1;
}

std::string as_data(std::string_view message)
{
    std::string wire;
    bool line_starts = true;
    for (const char c : message) {
        if (line_starts && c == '.') wire += '.';
        if (c == '\n') wire += '\r';
        wire += c;
        line_starts = c == '\n';
    }
    return wire + (line_starts ? ".\r\n" : "\r\n.\r\n");
}

std::string from_data(std::string_view wire)
{
    std::string message;
    bool line_starts = true;
    for (std::size_t i = 0; i < wire.size(); ++i) {
        if (line_starts && wire[i] == '.') {
            line_starts = false;
            continue;
        }
        line_starts = wire.substr(i, 2) == "\r\n";
        if (!line_starts)
            message += wire[i];
        else {
            message += '\n';
            ++i;
        }
    }
    return message;
}

}
