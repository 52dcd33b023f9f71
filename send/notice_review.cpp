#include "send/notice_review.hpp"

#include "base/sys/file.hpp"
#include "send/bounce_file.hpp"
#include "send/notice_draft.hpp"
#include "send/outbound_facts.hpp"

#include <exception>
#include <utility>

namespace grapnel::send {

namespace {

constexpr Due asked_again_after = 300'000, longest_wait = 3600'000;
constexpr std::size_t most_failures = 1000, most_read = 1 << 20;   // of bounce/N, for the facts

std::string beginning_of(const std::string& path)
{
    const Fd file = open_read(path);
    std::string bytes(most_read, '\0');
    std::size_t size = 0;
    while (const auto count = read_some(file.get(), bytes.data() + size, bytes.size() - size))
        size += count;
    bytes.resize(size);
    return bytes;
}

}

NoticeReview::NoticeReview(net::Executor executor, HookCalls& calls, const queue::Spool& spool,
                           const Agenda& agenda, const Config& config, Log& log)
    : executor_(std::move(executor)),
      calls_(calls),
      spool_(spool),
      agenda_(agenda),
      config_(config),
      log_(log)
{
}

bool NoticeReview::wants(const Notice& notice) const
{
    return notice.sender.empty() && calls_.wants(hooks::Stage::dsn);
}

void NoticeReview::begin(queue::MessageNumber n, MessageInfo info, Notice notice, Decided decided)
{
    ++under_way_;
    first_asked_.try_emplace(n, agenda_.now());
    auto work = ask(n, std::move(info), std::move(notice), decided);
    net::start(executor_, std::move(work), [this, n, decided](const std::exception_ptr& trouble) {
        if (!trouble) return;
        log_.warning("trouble reading " + queue::Spool::bounce(n) + "; will try again later");
        --under_way_;
        decided(wait(n, retry_trouble));
    });
}

boost::asio::awaitable<void> NoticeReview::ask(queue::MessageNumber n, MessageInfo info,
                                               Notice notice, Decided decided)
{
    const auto bounce = queue::Spool::bounce(n);
    const auto now = agenda_.wall_milliseconds();
    hooks::Facts facts;
    if (notice.with_paragraphs) {
        mend_bounce(n);
        const auto failures = read_failures(beginning_of(bounce), most_failures);
        facts = notice_facts(n, info, failures, config_, now);
    } else {
        facts = notice_facts(n, info, notice.about, config_, now);
    }
    auto writing = write_draft(std::move(notice), bounce, spool_.mess(n));
    Fd draft = co_await std::move(writing);
    calls_.ask(std::move(facts), std::move(draft),
               [this, n, decided](std::optional<hooks::Decision> decision) {
                   --under_way_;
                   decided(result_of(n, std::move(decision)));
               });
}

NoticeReview::Result NoticeReview::result_of(queue::MessageNumber n,
                                             std::optional<hooks::Decision> decision)
{
    if (!decision) return wait(n, retry_trouble);
    if (decision->ask_again) return wait(n, asked_again_after);
    if (decision->suppressed || decision->action == hooks::Action::cancel) {
        log_.hook_notice(n, "suppressed", decision->scanner);
        return {Answer::suppress};
    }
    if (!decision->message) return {};
    log_.hook_notice(n, "changed", decision->scanner);
    return {Answer::send, ChangedNotice{std::move(decision->message), decision->size}};
}

NoticeReview::Result NoticeReview::wait(queue::MessageNumber n, Due pause)
{
    const auto now = agenda_.now();
    const auto since = first_asked_.try_emplace(n, now).first->second;
    if (since + longest_wait <= now) {
        log_.hook_notice(n, "goes out unseen", {});
        return {};
    }
    log_.hook_notice(n, "waits", {});
    return {Answer::wait, {}, now + pause};
}

}
