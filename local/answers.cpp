#include "local/answers.hpp"

#include "base/text.hpp"

#include <utility>

namespace grapnel::local {

namespace {

// Digits and a NUL off the front of bytes.
std::optional<std::uint64_t> take_number(std::string_view& bytes)
{
    const auto digits = take_until(bytes, '\0');
    return digits ? parse_number(*digits) : std::nullopt;
}

bool counts(const Answer& answer, Instant now)
{
    return now >= answer.asked && now - answer.asked < Answers::lifetime;
}

}

std::string encode(const Answer& answer)
{
    return std::to_string(answer.edition) + '\0' + std::to_string(answer.asked) + '\0' +
           answer.local + '\0' + encode(answer.user);
}

Result<Answer> decode_answer(std::string_view bytes)
{
    Answer answer;
    const auto edition = take_number(bytes);
    const auto asked = take_number(bytes);
    const auto local = take_until(bytes, '\0');
    if (!edition || !asked || !local) return temporary("answer is cut short");
    auto user = decode_user(bytes);
    if (!user) return user.error();
    return Answer{*edition, *asked, std::string(*local), std::move(*user)};
}

void Answers::keep(std::string_view told)
{
    auto answer = decode_answer(told);
    if (!answer || answer->edition != edition_ || told.size() > longest) return;
    if (known_.size() >= most)
        std::erase_if(known_,
                      [&](const auto& known) { return !counts(known.second, answer->asked); });
    if (known_.size() >= most) known_.clear();
    std::string local = answer->local;
    known_.insert_or_assign(std::move(local), std::move(*answer));
}

void Answers::begin_edition()
{
    ++edition_;
    known_.clear();
}

std::optional<User> Answers::find(const std::string& local, Instant now) const
{
    const auto found = known_.find(local);
    if (found == known_.end()) return std::nullopt;
    if (!counts(found->second, now)) return std::nullopt;
    return found->second.user;
}

}
