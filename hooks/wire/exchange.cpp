#include "hooks/wire/exchange.hpp"

#include "base/sys/log.hpp"
#include "base/sys/memory_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <utility>

namespace grapnel::hooks {

std::string trouble_with(int descriptor, std::uint64_t size)
{
    struct stat about {};
    if (::fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode)) return "is no file";
    if (static_cast<std::uint64_t>(about.st_size) != size) return "has another size";
    // A memfd that is not sealed can be reopened and written by whoever gets it.
    if (about.st_nlink != 0 && !is_sealed(descriptor)) return "is somebody's file";
    const int mode = ::fcntl(descriptor, F_GETFL);
    if (mode < 0 || (mode & O_ACCMODE) == O_WRONLY) return "cannot be read";
    return {};
}

namespace {

constexpr std::size_t longest_reply = 512;   // RFC 5321 4.5.3.1.5

bool is_line(std::string_view text)
{
    return text.size() <= longest_reply && printable(text, longest_reply) == text;
}

bool is_reply(const Response& response)
{
    return response.code >= 200 && response.code <= 599 && is_line(response.message) &&
           is_line(response.enhanced.value_or(""));
}

bool has_its_reply(const Decision& decision)
{
    if (decision.action != Action::reject && decision.action != Action::disconnect) return true;
    return decision.response && decision.response->code >= 400;
}

}

std::string trouble_with(const Decision& decision, const Facts& facts)
{
    if (direction(decision.action) != direction(facts.stage)) return "an action of another stage";
    if (decision.response && !is_reply(*decision.response)) return "a reply that is none";
    if (!has_its_reply(decision)) return "a refusal without a reply";
    const std::size_t recipients = facts.envelope ? facts.envelope->to.size() : 0;
    for (const auto& change : decision.recipients)
        if (change.index >= recipients) return "a recipient that is not there";
    return {};
}

namespace {

Result<Step> take(const wire::Question& question, std::vector<Fd>, const AddPolicy& may_add)
{
    const MayAdd answer = may_add ? may_add(question.address) : MayAdd::no;
    return Step{wire::encode(wire::QuestionAnswered{answer})};
}

Result<Step> take(wire::Decided& decided, std::vector<Fd> descriptors, const AddPolicy&)
{
    if (descriptors.size() != (decided.with_message ? 1u : 0u))
        return temporary("its answer lacks a message, or has too many");
    Step step;
    if (decided.with_message) {
        const auto trouble = trouble_with(descriptors[0].get(), decided.decision.size);
        if (!trouble.empty()) return temporary("the message of its answer " + trouble);
        decided.decision.message = std::move(descriptors[0]);
    }
    step.decision = std::move(decided.decision);
    return Result<Step>(std::move(step));
}

Result<Step> take(const wire::Refused& refused, std::vector<Fd>, const AddPolicy&)
{
    return temporary("it refuses: " + printable(refused.why, 200));
}

template <class Other>
Result<Step> take(const Other&, std::vector<Fd>, const AddPolicy&)
{
    return temporary("it says what no client is told");
}

}

Result<Step> take_frame(std::string_view frame, std::vector<Fd> descriptors,
                        const AddPolicy& may_add)
{
    auto saying = wire::decode(frame);
    if (!saying) return saying.error();
    return std::visit([&](auto& said) { return take(said, std::move(descriptors), may_add); },
                      *saying);
}

}
