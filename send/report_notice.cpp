#include "send/report_notice.hpp"

#include "base/mail/header.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "send/notice_text.hpp"
#include "send/outcome_file.hpp"
#include "send/recipient_state.hpp"
#include "send/reply_of.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <set>

namespace grapnel::send {

namespace {

constexpr std::size_t most_read = 8u
                                  << 20;   // of bounce/N, for those of whom nothing else is known
constexpr std::size_t most_paragraphs = 10'000;
constexpr std::size_t longest_searched = 65536, longest_id = 900;   // Message-ID
constexpr auto no_limit = std::numeric_limits<std::uint64_t>::max();

std::string token(queue::MessageNumber n, std::time_t now)
{
    std::uint64_t random = 0;
    if (::getrandom(&random, sizeof random, 0) != sizeof random)
        throw_errno("unable to get", "random bytes");
    return std::to_string(now) + '.' + std::to_string(n) + '.' + std::to_string(random);
}

std::string beginning_of(const std::string& path)
{
    const Fd file = open_read(path);
    std::string bytes(most_read, '\0');
    std::size_t size = 0;
    while (size < bytes.size()) {
        const auto count = read_some(file.get(), bytes.data() + size, bytes.size() - size);
        if (count == 0) break;
        size += count;
    }
    bytes.resize(size);
    return bytes;
}

// RFC 5322 3.6.4; nothing of a stranger's that could end a field.
std::string message_id_in(const std::string& mess)
{
    std::string header(longest_searched, '\0');
    header.resize(read_some(open_read(mess).get(), header.data(), header.size()));
    const auto end = header.find("\n\n");
    header.resize(end == std::string::npos ? header.rfind('\n') + 1 : end + 1);
    const auto field = find_field(header, "Message-ID");
    const auto id = field ? unfold(field_value(*field)) : std::string();
    const bool fits = id.size() > 2 && id.size() <= longest_id && id.front() == '<' &&
                      id.find('>') == id.size() - 1 &&
                      std::all_of(id.begin(), id.end(), [](char c) { return c > 32 && c < 127; });
    return fits ? id : std::string();
}

// Paragraphs without an outcome are of a life that kept none.
std::vector<Outcome> failures_of(queue::MessageNumber n)
{
    auto outcomes = outcomes_on_file(n).failures;
    std::set<std::string> known;
    for (const auto& outcome : outcomes) known.insert(outcome.address);
    for (const auto& one : read_failures(beginning_of(queue::Spool::bounce(n)), most_paragraphs)) {
        if (!known.insert(one.recipient).second) continue;
        // A place that nobody has.
        outcomes.push_back(
            make_outcome({queue::Channel::remote, std::numeric_limits<std::size_t>::max()},
                         Action::failed, one.recipient, 'D', one.report, 0));
    }
    return outcomes;
}

}

Notice report_notice(const queue::Spool& spool, queue::MessageNumber n, const MessageInfo& info,
                     const Config& config, ReportedMatter::Kind kind,
                     std::vector<Outcome> recipients, std::time_t now)
{
    const bool is_failure = kind == ReportedMatter::Kind::failure;
    ReportedMatter matter;
    matter.kind = kind;
    matter.recipients = is_failure ? failures_of(n) : std::move(recipients);
    matter.now = now;
    matter.retry_until = end_of_life(info, info.birth, config.lifetime);
    matter.token = token(n, now);
    const auto mess = spool.mess(n);
    matter.message_size = static_cast<std::uint64_t>(status(open_read(mess).get(), mess).st_size);
    matter.message_id = message_id_in(mess);
    matter.eight_bit_header = holds_eight_bits(mess, no_limit, true);
    if (is_failure) {
        matter.eight_bit_paragraphs = holds_eight_bits(queue::Spool::bounce(n), no_limit, false);
        matter.eight_bit_message = matter.message_size <= most_copied(config.bounce) &&
                                   holds_eight_bits(mess, no_limit, false);
    }
    const auto form = form_for(config.reports, info);
    return make_report(config.bounce, info, matter,
                       form == ReportForm::both ? form : ReportForm::dsn);
}

}
