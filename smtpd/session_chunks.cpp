// BDAT: the text in chunks of a size that is said before (RFC 3030). The octets of a chunk are read
// whatever the reply will be; they are never commands.
#include "smtpd/session.hpp"

#include "smtpd/incoming_text.hpp"
#include "smtpd/log.hpp"
#include "smtpd/queue_load.hpp"

#include <algorithm>

namespace grapnel::smtpd {

using net::asio::awaitable;

Answer Session::bdat(std::string_view argument)
{
    if (!offered_.has(Extension::chunking) || classic()) return obsolete(argument);
    chunk_ = parse_chunk(argument);
    // What follows cannot be told from commands now.
    if (!chunk_)
        return Answer(501, "5.5.4", "BDAT wants a size, and perhaps LAST (#5.5.4)").and_hang_up();
    if (barred_) return Answer(503, "5.5.1", "no mail for you here (#5.5.1)");
    if (step_ == Step::chunks_refused) return Answer(503, "5.5.1", "RSET first (#5.5.1)");
    if (step_ < Step::sender_given) return Answer(503, "5.5.1", "MAIL first (#5.5.1)");
    if (recipients_.empty() && dropped_ == 0)
        return Answer(554, "5.5.1", "no valid recipients (#5.5.1)");
    if (!text_) {
        if (auto refusal = no_room(std::max(size_, chunk_->size))) return *refusal;
        if (auto refusal = use_up()) return *refusal;
        have_judged(PluginEvent::data);
    }
    return Answer(250, "2.0.0", std::to_string(chunk_->size) + " octets");
}

// answer: what the command itself deserves. Of a transaction in which a chunk was refused nothing
// is left but its end.
awaitable<Answer> Session::receive_chunk(Answer answer)
{
    const Chunk chunk = *std::exchange(chunk_, std::nullopt);
    if (answer.hang_up) co_return answer;
    const bool refused_before = !answer.positive();
    receiving_ = true;
    if (!refused_before && !text_) {
        auto refusal = co_await begin_text(true);
        if (refusal) answer = std::move(*refusal);
    }
    co_await read_chunk(chunk.size, answer.positive());
    if (silent_) co_return answer;
    if (answer.positive()) answer = co_await end_chunk(chunk, std::move(answer));
    receiving_ = false;
    if (!answer.positive()) {
        if (!refused_before) log::refused(around_.name, around_.peer, "bdat", id_, answer);
        text_.reset();
        if (step_ >= Step::sender_given) step_ = Step::chunks_refused;
    } else if (chunk.last) {
        forget_programs();
        forget_transaction();
        allowance_.end_transaction(SteadyClock::now());
    } else {
        step_ = Step::chunks_given;
    }
    co_return answer;
}

// What is wrong with the text is said at its end, but that it is too big already.
awaitable<Answer> Session::end_chunk(Chunk chunk, Answer answer)
{
    auto& reader = text_->reader();
    if (chunk.last) {
        replies_ = replies_to_text();
        reader.end_chunks(text_->text());
        if (reader.trouble() == DataReader::Trouble::none) co_await text_->pass_on();
        answer = co_await end_text();
        if (answer.enhanced == "2.0.0") answer.enhanced = "2.6.0";
    } else if (reader.trouble() == DataReader::Trouble::too_big) {
        answer = answer_to_trouble(reader.trouble());
    }
    co_return answer;
}

awaitable<void> Session::read_chunk(std::uint64_t left, bool wanted)
{
    QueueLoad::Held held(around_.load);
    Patience patience;
    while (left > 0) {
        auto bytes = stream_.buffered();
        if (bytes.empty()) {
            co_await flush();
            const bool more = co_await more_text(patience);
            if (more) continue;
            closing_ = silent_ = true;
            why_closed_ = "end of input in a message";
            co_return;
        }
        bytes = bytes.substr(0, std::min<std::uint64_t>(bytes.size(), left));
        const auto taken = bytes.size();
        if (wanted) {
            text_->reader().take(bytes, text_->text());
            held.set(text_->text().capacity());
        }
        patience.received(taken);
        stream_.consume(taken);
        left -= taken;
        if (wanted && text_->reader().trouble() == DataReader::Trouble::none)
            co_await text_->pass_on();
    }
}

}
