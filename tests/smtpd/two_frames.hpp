// A dialogue with qmail-smtpd in each of its frames: one session on descriptors 0 and 1, and the
// server; and the same within TLS. Knows what a row of a table of dialogues is.
#pragma once

#include "inject/capture.hpp"
#include "support/instance.hpp"
#include "support/smtp_client.hpp"
#include "support/tcp_server.hpp"
#include "support/tls.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace grapnel::test {

enum class Frame { one_session, server, one_session_in_tls, server_in_tls };
inline const char* name(Frame frame)
{
    switch (frame) {
    case Frame::one_session:
        return "OneSession";
    case Frame::server:
        return "Server";
    case Frame::one_session_in_tls:
        return "OneSessionInTls";
    case Frame::server_in_tls:
        break;
    }
    return "ServerInTls";
}
inline bool is_server(Frame frame)
{
    return frame == Frame::server || frame == Frame::server_in_tls;
}
inline bool is_in_tls(Frame frame)
{
    return frame == Frame::one_session_in_tls || frame == Frame::server_in_tls;
}
inline const auto all_frames = ::testing::Values(Frame::one_session, Frame::server,
                                                 Frame::one_session_in_tls, Frame::server_in_tls);

// Whichever way it talks.
class FrameClient {
public:
    explicit FrameClient(Port port) : plain_(std::in_place, port) {}
    FrameClient(int reader, int writer) : plain_(std::in_place, reader, writer) {}
    explicit FrameClient(TlsClient client) : tls_(std::move(client)) { tls_->reply(); }

    void send(std::string_view bytes) { plain_ ? plain_->send(bytes) : tls_->send(bytes); }
    std::string reply() { return plain_ ? plain_->reply() : tls_->reply(); }
    std::string command(std::string_view line)
    {
        return plain_ ? plain_->command(line) : tls_->command(line);
    }
    // The server's end: within TLS said so, not cut off.
    bool closed() { return plain_ ? plain_->closed() : tls_->said_goodbye(); }
    void close_writing()
    {
        if (plain_) plain_->close_writing();
    }

private:
    std::optional<SmtpClient> plain_;
    std::optional<TlsClient> tls_;
};

// What the client sends, CR LF added where it is not there ("$" at the end: as it is); how the
// replies to it begin: "250 2.1.0" for each, with "|" between; "!" at the end: then the server has
// closed.
using Exchange = std::pair<std::string, std::string>;
struct Row {
    const char* what;
    std::vector<Exchange> exchanges;
};

class TwoFrames : public ::testing::TestWithParam<Frame> {
protected:
    TwoFrames()
    {
        home.control("rcpthosts", "here.example");
        home.control("maxconnrate", "0 0");
    }

    // Control files first. variables: of every client.
    void start(std::vector<std::string> variables = {}) { start_as("smtp", std::move(variables)); }

    void start_as(const std::string& service, std::vector<std::string> variables = {})
    {
        const bool in_tls = is_in_tls(GetParam());
        const auto full_name = service + (in_tls ? "s" : "");
        if (in_tls)
            home.write("control/servercert.pem", make_certificate("here.example").both(), 0600);
        for (const auto& variable : capture.environment()) variables.push_back(variable);
        if (is_server(GetParam())) {
            port_ = free_port();
            const auto where = full_name + "@127.0.0.1:" + std::to_string(port_);
            instance_.emplace(
                home, InstanceOptions{.send = false,
                                      .environment = variables,
                                      .smtpd_arguments = {"--workers", "1", "--listen", where}});
            return;
        }
        variables.emplace_back("LSAN_OPTIONS=detect_leaks=0");
        one_ = {{home.program("qmail-smtpd"), "--as", full_name}, home.environment(variables)};
        if (in_tls) port_ = sessions_.emplace(one_).port();
    }

    // Who has been greeted.
    FrameClient& connect()
    {
        if (is_in_tls(GetParam()))
            return clients_.emplace_back(TlsClient(connect_to(port_, patience)));
        if (GetParam() == Frame::server) return clients_.emplace_back(port_);
        auto& process = processes_.emplace_back(one_);
        return clients_.emplace_back(process.output_descriptor(), process.input());
    }

    static bool fits(const std::string& reply, std::string_view wanted)
    {
        const auto line = reply.substr(reply.rfind('\n') + 1);
        return line.starts_with(wanted) &&
               (line.size() == wanted.size() || line[wanted.size()] == ' ');
    }

    // RFC 5321 4.2, 4.5.3.1.5; RFC 2034 4: of every reply, whatever it says.
    static bool is_well_formed(std::string_view reply)
    {
        while (!reply.empty()) {
            const auto line = reply.substr(0, reply.find("\r\n"));
            reply.remove_prefix(std::min(reply.size(), line.size() + 2));
            const bool printable =
                std::all_of(line.begin(), line.end(), [](char c) { return c >= 32 && c <= 126; });
            if (line.size() > 510 || line.size() < 3 || !printable) return false;
            if (line.size() > 8 && line[5] == '.' && !is_registered(line[0], line.substr(4)))
                return false;
        }
        return true;
    }

    // "5.1.2 words": one of IANA's list, and of the class of the reply.
    static bool is_registered(char reply_class, std::string_view text)
    {
        constexpr std::array most{0, 10, 4, 6, 7, 6, 10, 30};   // details of each subject
        const auto code = text.substr(0, text.find(' '));
        const auto dot = code.rfind('.');
        const auto subject = code.substr(2, dot - 2), detail = code.substr(dot + 1);
        if (code[0] != reply_class || dot < 3 || subject.size() != 1 || detail.empty() ||
            detail.size() > 2 || subject[0] < '0' || subject[0] > '7')
            return false;
        return std::stoi(std::string(detail)) <= most[static_cast<std::size_t>(subject[0] - '0')];
    }

    template <class Client>
    static void hold(Client& client, const std::vector<Exchange>& exchanges)
    {
        for (const auto& [sent, wanted] : exchanges) {
            const bool as_it_is = sent.ends_with('$');
            client.send(as_it_is               ? sent.substr(0, sent.size() - 1)
                        : sent.ends_with('\n') ? sent
                                               : sent + "\r\n");
            std::string_view left = wanted;
            const bool closes = left.ends_with('!');
            if (closes) left.remove_suffix(1);
            while (!left.empty()) {
                const auto one = left.substr(0, left.find('|'));
                left.remove_prefix(std::min(left.size(), one.size() + 1));
                const auto reply = client.reply();
                EXPECT_TRUE(fits(reply, one))
                    << "to: " << sent << "\nwanted: " << one << "\ngot:    " << reply;
                EXPECT_TRUE(reply.empty() || is_well_formed(reply)) << reply;
            }
            if (closes) { EXPECT_TRUE(client.closed()) << "to: " << sent; }
        }
    }

    void hold(const std::vector<Row>& rows)
    {
        for (const auto& row : rows) {
            SCOPED_TRACE(row.what);
            hold(connect(), row.exchanges);
            leave();
        }
    }

    // Without a word.
    void leave()
    {
        clients_.clear();
        processes_.clear();
    }

    TempHome home;
    Capture capture;

private:
    Launch one_;   // what each client gets, in one session
    Port port_ = 0;
    std::optional<Instance> instance_;
    std::optional<TcpServer> sessions_;
    std::list<Process> processes_;
    std::list<FrameClient> clients_;
};

}
