#include "hooks/server/scanner_set.hpp"

#include "hooks/injection.hpp"

#include "base/sys/control.hpp"
#include "hooks/server/status_report.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace grapnel::hooks {

using net::asio::awaitable;

namespace {

// Its settings make no sense: nobody is asked, and its policy holds (mta-hooks 23).
class LeftOut final : public Scanner {
public:
    explicit LeftOut(ScannerSettings settings) : settings_(std::move(settings))
    {
        if (settings_.stages.empty()) settings_.stages.add(Stage::data);
    }
    const ScannerSettings& settings() const override { return settings_; }
    awaitable<CallOutcome> call(Stage, std::uint64_t, MakeBody, std::chrono::milliseconds) override
    {
        CallOutcome outcome;
        outcome.why = "settings";
        co_return outcome;
    }
    void blame() override {}

private:
    ScannerSettings settings_;
};

// Credentials may change under a registration (C20); anything else makes it another one.
bool is_the_same(ScannerSettings a, ScannerSettings b)
{
    a.credentials = b.credentials = {};
    return a == b;
}

}

ScannerSet::ScannerSet(net::Executor executor, std::string control, BeginScanner begin,
                       std::function<void(std::string_view)> log)
    : executor_(executor),
      control_(std::move(control)),
      begin_(std::move(begin)),
      log_(std::move(log)),
      ended_(executor)
{
}

void ScannerSet::reload()
{
    std::vector<Entry> old = std::exchange(entries_, {});
    for (const auto& read : read_scanners(control_, true)) begin(read, old);
    for (auto& entry : old) let_go(entry);
    try {
        injection_limit_ = hooks::injection_limit(Control(control_));
    } catch (const std::system_error& error) {
        injection_limit_ = 0;
        log_(error.what());
    }
}

void ScannerSet::begin(const ReadScanner& read, std::vector<Entry>& old)
{
    const auto& name = read.settings.name;
    const auto found = std::find_if(
        old.begin(), old.end(), [&](const Entry& entry) { return entry.settings.name == name; });
    if (found != old.end() && is_the_same(found->settings, read.settings) &&
        found->errors == read.errors) {
        if (found->live) found->live->look_again();
        entries_.push_back(std::move(*found));
        old.erase(found);
        return;
    }
    Entry entry{read.settings, read.errors, nullptr, nullptr};
    if (read.errors.empty()) {
        entry.live = begin_(read.settings);
        entry.scanner = entry.live;
        log_("scanner " + name + (found == old.end() ? " added" : " changed"));
    } else {
        entry.scanner = std::make_shared<LeftOut>(read.settings);
        for (const auto& error : read.errors) log_("scanner " + name + " left out: " + error);
    }
    entries_.push_back(std::move(entry));
}

namespace {

awaitable<void> end_one(std::shared_ptr<LiveScanner> scanner) { co_await scanner->end(); }

}

void ScannerSet::let_go(Entry& entry)
{
    const bool replaced = std::any_of(entries_.begin(), entries_.end(), [&](const Entry& other) {
        return other.settings.name == entry.settings.name;
    });
    if (!replaced) log_("scanner " + entry.settings.name + " removed");
    if (entry.live) finish(std::move(entry.live));
}

void ScannerSet::finish(std::shared_ptr<LiveScanner> scanner)
{
    ++ending_;
    net::start(executor_, end_one(std::move(scanner)), [this](std::exception_ptr) {
        --ending_;
        ended_.call();
    });
}

std::vector<std::shared_ptr<Scanner>> ScannerSet::all() const
{
    std::vector<std::shared_ptr<Scanner>> result;
    for (const auto& entry : entries_) result.push_back(entry.scanner);
    return result;
}

awaitable<boost::json::object> ScannerSet::report()
{
    boost::json::array scanners;
    const auto entries = entries_;   // others may reload meanwhile
    for (const auto& entry : entries) {
        auto one = describe(entry.settings, entry.errors);
        if (entry.live) {
            one["registration"] = describe(entry.live->state());
            const auto said = co_await entry.live->ask_status();
            auto& registration = one["registration"].as_object();
            registration["scanner-says"] = said.word;
            registration["health"] = said.health;
        }
        one["stages"] = describe(*metrics_, entry.settings);
        scanners.push_back(std::move(one));
    }
    co_return boost::json::object{{"scanners", std::move(scanners)}};
}

awaitable<void> ScannerSet::end()
{
    for (auto& entry : std::exchange(entries_, {}))
        if (entry.live) finish(std::move(entry.live));
    while (ending_ > 0) co_await ended_.wait();
}

}
