#include "remote/smtp_client.hpp"

#include "base/net/tls_cut_short.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace asio = boost::asio;

namespace grapnel::remote {

namespace {

using namespace std::chrono_literals;

struct Garbled : std::runtime_error {
    using std::runtime_error::runtime_error;   // what() is what came
};
struct Closed : std::runtime_error {
    Closed() : std::runtime_error("connection closed") {}
};

// A CR met in a message that could not be looked through beforehand.
struct BareCrMet : std::runtime_error {
    BareCrMet() : std::runtime_error("bare CR") {}
};

struct Answer {
    Reply reply;
    std::string raw;
};

asio::awaitable<Answer> read_reply(net::Stream& stream)
{
    ReplyReader reader;
    Answer answer;
    for (;;) {
        std::string_view rest = stream.buffered();
        const auto state = reader.take(rest);
        const auto taken = stream.buffered().size() - rest.size();
        answer.raw += stream.buffered().substr(0, taken);
        stream.consume(taken);
        if (state == ReplyReader::State::done) break;
        if (state != ReplyReader::State::more) throw Garbled(answer.raw);
        const bool more = co_await stream.fill();
        if (!more) throw Closed();
    }
    answer.reply = reader.release();
    co_return answer;
}

asio::awaitable<void> send_text(net::Stream& stream, SmtpDialogue& dialogue, MessageFile& message,
                                bool no_bare_cr, AnswerLimits limits)
{
    TextEncoder encoder;
    TextFacts facts;
    std::string wire = dialogue.added_header();
    for (;;) {
        const auto piece = message.next();
        if (piece.empty()) break;
        if (no_bare_cr) facts.add(piece);
        if (facts.bare_cr()) throw BareCrMet();
        encoder.add(piece, wire);
        stream.expires_after(limits.of_text_block());
        co_await stream.write(wire);
        wire.clear();
    }
    encoder.finish(wire);
    dialogue.text_ends();
    stream.expires_after(limits.of_text_block());
    co_await stream.write(wire);
}

// A chunk's octets were counted before: a file that is not what it was must not put us out of step.
asio::awaitable<void> send_chunk(net::Stream& stream, SmtpDialogue& dialogue, MessageFile& message,
                                 std::uint64_t left, AnswerLimits limits)
{
    TextEncoder encoder(TextForm::binary);
    const auto header = dialogue.added_header();
    std::string wire = dialogue.take_output() + header;
    left -= header.size();
    for (bool more = true; more; wire.clear()) {
        const auto piece = message.next();
        const auto before = wire.size();
        more = !piece.empty();
        if (more)
            encoder.add(piece, wire);
        else
            encoder.finish(wire);
        const auto count = wire.size() - before;
        if (count > left || (!more && count != left))
            throw UnreadableMessage("the message has changed");
        left -= count;
        if (left == 0 && dialogue.wants_text()) dialogue.text_ends();
        stream.expires_after(limits.of_text_block());
        co_await stream.write(wire);
    }
}

// "TLSv1.3 with TLS_AES_256_GCM_SHA384"
std::string description(const net::TlsFacts& facts)
{
    return facts.version + " with " + facts.cipher;
}

asio::awaitable<void> encrypt(net::Stream& stream, SmtpDialogue& dialogue, const TlsMaker& make_tls,
                              AnswerLimits limits)
{
    // Said in the clear, to be taken for a word of the other side (CVE-2021-38371 and its kin).
    if (!stream.buffered().empty()) {
        dialogue.tls_fails("something was said before its turn");
        co_return;
    }
    auto layer = make_tls();
    if (!layer) {
        dialogue.abandon({Fate::temporary, "4.3.5", layer.error().text});
        co_return;
    }
    try {
        stream.expires_after(limits.of(SmtpDialogue::Wait::command));
        co_await stream.start_tls(std::move(*layer));
        dialogue.tls_begins(description(stream.tls()->facts()));
    } catch (const net::TimedOut&) {
        dialogue.tls_fails("no answer in time");
    } catch (const net::TlsCutShort& error) {
        dialogue.tls_fails(error.why);
    } catch (const net::TlsFailed& error) {
        dialogue.tls_fails(error.why, true);
    } catch (const std::system_error& error) {
        dialogue.tls_fails(error.code().message());
    }
}

asio::awaitable<void> talk(net::Stream& stream, SmtpDialogue& dialogue, MessageFile& message,
                           BareCr bare_cr, AnswerLimits limits, const TlsMaker& make_tls)
{
    while (!dialogue.over()) {
        if (dialogue.wants_tls()) {
            co_await encrypt(stream, dialogue, make_tls, limits);
            continue;
        }
        if (dialogue.wants_text() && dialogue.chunk_size())
            co_await send_chunk(stream, dialogue, message, *dialogue.chunk_size(), limits);
        else if (dialogue.wants_text())
            co_await send_text(stream, dialogue, message, bare_cr == BareCr::fail, limits);
        const std::string output = dialogue.take_output();
        stream.expires_after(limits.of(dialogue.awaited()));
        co_await stream.write(output);
        const auto answer = co_await read_reply(stream);
        dialogue.take(answer.reply, answer.raw);
    }
}

}

std::chrono::seconds AnswerLimits::of(SmtpDialogue::Wait wait) const
{
    if (trusted) return each;
    switch (wait) {
    case SmtpDialogue::Wait::greeting:
    case SmtpDialogue::Wait::command:
        return std::max<std::chrono::seconds>(each, 5min);
    case SmtpDialogue::Wait::data:
        return std::max<std::chrono::seconds>(each, 2min);
    case SmtpDialogue::Wait::final_reply:
        return std::max<std::chrono::seconds>(each, 10min);
    }
    return each;
}

std::chrono::seconds AnswerLimits::of_text_block() const
{
    return trusted ? each : std::max<std::chrono::seconds>(each, 3min);
}

asio::awaitable<void> converse(net::Stream& stream, SmtpDialogue& dialogue, MessageFile& message,
                               BareCr bare_cr, AnswerLimits limits, const TlsMaker& make_tls)
{
    try {
        co_await talk(stream, dialogue, message, bare_cr, limits, make_tls);
    } catch (const Garbled& garbled) {
        dialogue.garbled(garbled.what());
    } catch (const Closed&) {
        dialogue.lost();
    } catch (const UnreadableMessage&) {
        dialogue.abandon({Fate::temporary, "4.3.0", "Unable to read message. (#4.3.0)\n"});
    } catch (const BareCrMet&) {
        dialogue.abandon(bare_cr_outcome());
    } catch (const std::system_error&) {   // net::TimedOut is one of them
        dialogue.lost();
    }
}

asio::awaitable<void> say_quit(net::Stream& stream)
{
    try {
        stream.expires_after(5s);
        co_await stream.write("QUIT\r\n");
    } catch (const std::exception&) {
        // Nobody is left to hear it.
    }
}

}
