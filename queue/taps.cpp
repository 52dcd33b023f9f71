#include "queue/taps.hpp"

#include "base/mail/address.hpp"
#include "base/sys/control.hpp"
#include "base/sys/file.hpp"
#include "base/text.hpp"
#include "queue/exit_code.hpp"
#include "queue/trouble.hpp"

namespace grapnel::queue {

Taps Taps::parse(const std::vector<std::string>& lines)
{
    Taps result;
    for (const auto& line : lines) {
        std::string_view rest = line;
        const auto letter = take_until(rest, ':');
        auto pattern = take_until(rest, ':');
        const bool known = letter && (*letter == "F" || *letter == "T" || *letter == "A");
        if (!known || !pattern || rest.empty() || rest.size() > longest_address) continue;
        const bool negated = pattern->starts_with('!');
        if (negated) pattern->remove_prefix(1);
        if (auto compiled = Pattern::compile(*pattern))
            result.taps_.push_back(
                {letter->front(), negated, std::move(*compiled), std::string(rest)});
    }
    return result;
}

const std::string* Taps::find(char letter, std::string_view address) const
{
    for (const auto& tap : taps_)
        if ((tap.letter == 'A' || tap.letter == letter) &&
            tap.pattern.is_found_in(address) != tap.negated)
            return &tap.address;
    return nullptr;
}

std::shared_ptr<const Taps> TapsFile::current()
{
    attempt(exit_code::configuration, [&] {
        const Control control(control_);
        const auto now = status_if_there(control.path("taps"));
        if (now && seen_ && is_unchanged(*seen_, *now)) return;
        taps_.reset();
        seen_.reset();
        if (!now) return;
        auto taps = Taps::parse(control.list("taps").value_or(std::vector<std::string>()));
        if (!taps.empty()) taps_ = std::make_shared<const Taps>(std::move(taps));
        seen_ = now;
    });
    return taps_;
}

}
