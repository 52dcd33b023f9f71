#include "remote/outbound_tls.hpp"

#include "base/sys/file.hpp"

#include <system_error>
#include <utility>

namespace grapnel::remote {

namespace {

constexpr std::size_t longest_file = 4u << 20, most_failures = 10000;
constexpr std::chrono::hours memory_of_failures{1};

std::string name_of(const net::Endpoint& endpoint)
{
    return endpoint.address.text() + ' ' + std::to_string(endpoint.port);
}

// Ours is shown to who asks for it: what cannot be read is not shown, and mail goes on.
std::string own_certificate(const Control& control)
{
    try {
        return read_file_if_there(control.path("clientcert.pem"), longest_file).value_or("");
    } catch (const std::system_error&) {
        return {};
    }
}

Failure unusable(const std::string& file, const std::string& why)
{
    return temporary("Unable to verify servers by " + file + ": " + why + ". (#4.3.5)\n");
}

}

OutboundTls::OutboundTls(Control control)
    : control_(std::move(control)),
      files_({control_.path("serverca.pem"), control_.path("clientcert.pem"),
              control_.path("tlsclientciphers")})
{
}

Result<std::unique_ptr<net::TlsLayer>> OutboundTls::layer(const TlsRule& rule,
                                                          const std::string& host)
{
    const auto found = client(rule);
    if (!found) return found.error();
    return (*found)->connect(host);
}

Result<OutboundTls::Client> OutboundTls::client(const TlsRule& rule)
{
    if (files_.changed()) {
        any_.reset();
        verified_.reset();
    }
    if (!rule.authorities.empty()) return make(rule);   // of one host: few have such a file
    auto& kept = rule.level == TlsLevel::verify ? verified_ : any_;
    if (!kept) {
        auto made = make(rule);
        if (!made) return made.error();
        kept = std::move(*made);
    }
    return kept;
}

Result<OutboundTls::Client> OutboundTls::make(const TlsRule& rule) const
{
    net::TlsClientSettings settings;
    settings.verified = rule.level == TlsLevel::verify;
    settings.ciphers = control_.line("tlsclientciphers").value_or("");
    settings.own = own_certificate(control_);
    const auto file = rule.authorities.empty() ? control_.path("serverca.pem") : rule.authorities;
    if (settings.verified) {
        try {
            settings.authorities = read_file_if_there(file, longest_file).value_or("");
        } catch (const std::system_error& error) {
            return unusable(file, error.code().message());
        }
        if (settings.authorities.empty() && !rule.authorities.empty())
            return unusable(file, "it is empty");
    }
    auto made = net::TlsClient::make(std::move(settings));
    if (!made) return unusable(file, made.error().text);
    return made;
}

bool OutboundTls::failed_lately(const net::Endpoint& endpoint) const
{
    const auto found = failed_.find(name_of(endpoint));
    return found != failed_.end() && Clock::now() - found->second < memory_of_failures;
}

void OutboundTls::note_failure(const net::Endpoint& endpoint)
{
    if (failed_.size() >= most_failures) failed_.clear();
    failed_[name_of(endpoint)] = Clock::now();
}

}
