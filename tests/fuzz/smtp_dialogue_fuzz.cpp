// A server that says anything at all: the dialogue ends or waits, never for what was not asked, and
// its report is one that qmail-rspawn understands.
#include "fuzz/require.hpp"
#include "remote/report.hpp"
#include "remote/smtp_dialogue.hpp"

#include <cstdint>
#include <cstdlib>
#include <memory>

using namespace grapnel;
using namespace grapnel::remote;

namespace {

// What is sent ends no line early and is bounded.
void check_output(const std::string& output)
{
    require(output.empty() || output.ends_with("\r\n"));
    require(output.size() < 16384);
}

// Whether it came to the text. secret: nothing of the login or the mail is said before TLS.
bool converse(SmtpDialogue& dialogue, std::string_view bytes, bool secret = false)
{
    bool text = false, encrypted = false;
    ReplyReader reader;
    while (!dialogue.over()) {
        if (dialogue.wants_tls()) {
            encrypted = bytes.empty() || (bytes.front() & 1) == 0;
            encrypted ? dialogue.tls_begins("TLS") : dialogue.tls_fails(bytes.substr(0, 100));
            continue;
        }
        text = text || dialogue.wants_text();
        if (dialogue.wants_text()) dialogue.text_ends();
        const auto output = dialogue.take_output();
        check_output(output);
        require(!secret || encrypted || output.empty() || output.starts_with("EHLO ") ||
                output.starts_with("HELO ") || output == "STARTTLS\r\n");
        const auto before = bytes;
        const auto state = reader.take(bytes);
        const auto raw = before.substr(0, before.size() - bytes.size());
        if (state == ReplyReader::State::more)
            dialogue.lost();
        else if (state != ReplyReader::State::done)
            dialogue.garbled(raw);
        else
            dialogue.take(reader.release(), raw);
    }
    return text;
}

// A binary message, whose sender demands TLS all the way: nothing of it is said before, and not
// without either promise.
void demand(Errand errand, std::string_view bytes)
{
    errand.requests = read_requests("requiretls=1 body=BINARYMIME");
    errand.requests.tls_demanded = errand.binary = true;
    errand.tls = TlsLevel::verify;
    errand.host = "b.example";
    for (const auto& offers : {Offers{}, Offers{"REQUIRETLS"}, Offers{"CHUNKING", "BINARYMIME"},
                               Offers{"REQUIRETLS", "CHUNKING", "BINARYMIME", "PIPELINING"}}) {
        SmtpDialogue dialogue(errand, {offers, {}, 1});
        const bool text = converse(dialogue, bytes, offers.size() < 4);
        require(dialogue.over() && (!text || offers.size() == 4));
    }
    SmtpDialogue fresh(errand);
    converse(fresh, bytes, true);
    require(fresh.over() && !fresh.may_do_without_tls());
    require(decode_report(encode(fresh.verdict().report())).has_value());
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    Errand errand;
    errand.peer = "192.0.2.1";
    errand.helo_name = "a.example";
    errand.sender = "s@a.example";
    errand.recipients = {"one@b.example", "two@b.example", "three@b.example"};
    errand.size = 1000;
    errand.eight_bit = true;
    errand.may_be_myself = true;
    SmtpDialogue dialogue(errand);
    converse(dialogue, bytes);

    require(dialogue.over());
    const auto report = dialogue.verdict().report();
    require(report.recipients.size() <= errand.recipients.size());
    require(!report.text.empty() && report.text.back() == '\n' && report.text.size() < 6000);
    const auto wire = encode(report);
    require(decode_report(wire).value() == report);
    require(std::string_view("KZD").find(digest(wire).letter) != std::string_view::npos);
    // Delivered only where the server said so to recipient and message.
    for (std::size_t i = 0; i < errand.recipients.size(); ++i)
        if (dialogue.verdict().of(i).fate == Fate::relayed)
            require(i < report.recipients.size() && report.recipients[i].letter == 'r' &&
                    report.letter == 'K');

    SmtpDialogue again(errand, {{"PIPELINING", "8BITMIME"}, 100000, 1});
    const bool text = converse(again, bytes);
    require(again.over());
    require(!again.is_stale() || (!text && !again.may_go_on()));
    require(!again.may_go_on() || (text && again.verdict().message.fate == Fate::relayed));

    demand(errand, bytes);
    const auto login = std::make_shared<Login>();
    login->user = "joe";
    login->password = net::Secret("secret");
    errand.login = login;
    errand.host = "relay.example";
    for (const auto level : {TlsLevel::may, TlsLevel::verify}) {
        errand.tls = level;
        SmtpDialogue relay(errand);
        converse(relay, bytes, level == TlsLevel::verify);
        require(relay.over());
        require(decode_report(encode(relay.verdict().report())).has_value());
    }
    return 0;
}
