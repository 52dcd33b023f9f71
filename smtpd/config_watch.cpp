#include "smtpd/config_watch.hpp"

#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "smtpd/log.hpp"
#include "smtpd/plugin_file.hpp"

#include <exception>

namespace grapnel::smtpd {

ConfigWatch::ConfigWatch(Control control) : control_(std::move(control)) { look(); }

// Times in nanoseconds, sizes and inodes: an editor changes one of them.
std::string ConfigWatch::fingerprint() const
{
    std::string result;
    const auto note = [&](const std::string& name) {
        const auto facts = status_if_there(control_.path(name));
        if (facts)
            result += name + ' ' + std::to_string(facts->st_mtim.tv_sec) + '.' +
                      std::to_string(facts->st_mtim.tv_nsec) + ' ' +
                      std::to_string(facts->st_size) + ' ' + std::to_string(facts->st_ino) + ' ' +
                      std::to_string(facts->st_mode) + '\n';
    };
    note(plugin_file(Environment::of_process()));
    for (const auto& name : config_files()) note(name);
    for (const auto& name : refusal_files()) note(name);
    for (const auto& name : auth_files()) note(name);
    for (const auto& name : hooks::subscription_files(control_.directory())) note(name);
    return result;
}

void ConfigWatch::look()
{
    try {
        auto now = fingerprint();
        if (now == seen_) return;
        seen_ = std::move(now);
        config_ = std::make_shared<const Config>(load_config(control_));
        for (const auto& complaint : config_->complaints) log::server(complaint);
    } catch (const Stop& stop) {
        config_.reset();
        log::server(stop.text);
    } catch (const std::exception& error) {
        config_.reset();
        log::server(error.what());
    }
}

}
