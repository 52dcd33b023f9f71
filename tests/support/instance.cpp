#include "support/instance.hpp"

#include "base/sys/file.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <csignal>
#include <stdexcept>

namespace grapnel::test {

namespace {

Fd open_log(const TempHome& home, std::string_view name)
{
    return open_file(home / name, O_RDWR | O_CREAT | O_APPEND, 0644);
}

bool end(std::optional<Process>& process)
{
    if (!process) return true;
    const bool was_running = process->running();
    process->kill(SIGTERM);
    const auto ending = process->wait();
    process.reset();
    return was_running && ending && ending->success();
}

}

Instance::Instance(const TempHome& home, InstanceOptions options)
    : home_(home), options_(std::move(options))
{
    if (options_.send) start_send();
    if (options_.smtpd) start_smtpd();
}

Instance::~Instance() = default;

std::vector<std::string> Instance::environment() const
{
    return home_.environment(options_.environment);
}

void Instance::start_send()
{
    send_.reset();
    const std::string status = "status: local 0/";
    const auto before = log_count(status);
    const Fd log = open_log(home_, "send.log");
    send_.emplace(Launch{.argv = {home_.program("qmail-start"), options_.default_delivery},
                         .environment = environment(),
                         .directory = "/",
                         .descriptors = {{0, log.get()}, {1, log.get()}, {2, log.get()}},
                         .own_group = true});
    wait_until([&] { return log_count(status) > before || !send_->running(); });
    if (log_count(status) == before)
        throw std::runtime_error("qmail-start does not come up:\n" + this->log());
}

void Instance::start_smtpd()
{
    smtpd_.reset();
    if (options_.one_shot) {
        auto variables = environment();
        variables.emplace_back("RELAYCLIENT=");
        sessions_.emplace(Launch{.argv = {home_.program("qmail-smtpd")}, .environment = variables},
                          port_);
        port_ = sessions_->port();
        return;
    }
    if (port_ == 0) port_ = free_port();
    const Fd log = open_log(home_, "smtpd.log");
    const Fd nothing = open_file("/dev/null", O_RDWR);
    Launch launch{
        .argv = {home_.program("qmail-smtpd"), "--listen", "127.0.0.1:" + std::to_string(port_)},
        .environment = environment(),
        .directory = "/",
        .descriptors = {{0, nothing.get()}, {1, log.get()}, {2, log.get()}},
        .own_group = true};
    launch.argv.insert(launch.argv.end(), options_.smtpd_arguments.begin(),
                       options_.smtpd_arguments.end());
    smtpd_.emplace(std::move(launch));
    const auto listening = [&] {
        try {
            return static_cast<bool>(connect_to(port_));
        } catch (const std::system_error&) {
            return false;
        }
    };
    wait_until([&] { return !smtpd_->running() || listening(); });
    if (!smtpd_->running() || !listening())
        throw std::runtime_error("qmail-smtpd does not come up:\n" + smtpd_log());
}

void Instance::revive()
{
    if (send_ && !send_->running()) start_send();
    if (smtpd_ && !smtpd_->running()) start_smtpd();
}

bool Instance::stop_send() { return end(send_); }
bool Instance::stop_smtpd()
{
    sessions_.reset();
    return end(smtpd_);
}

bool Instance::stop()
{
    const bool smtpd_good = stop_smtpd();
    return stop_send() && smtpd_good;
}

bool Instance::wait_for_log(std::string_view text, milliseconds limit) const
{
    return wait_until([&] { return log_count(text) > 0; }, limit);
}

std::size_t Instance::log_count(std::string_view text) const { return count_of(text, log()); }

bool Instance::wait_until_empty(milliseconds limit) const
{
    return wait_until([&] { return home_.queue_files().empty(); }, limit);
}

void Instance::alarm() const { send_->kill(SIGALRM); }

std::size_t count_of(std::string_view needle, std::string_view text)
{
    std::size_t count = 0;
    for (auto at = text.find(needle); at != std::string_view::npos;
         at = text.find(needle, at + needle.size()))
        ++count;
    return count;
}

}
