// The files by which a scanner knows us. What they hold is in no error, and nowhere but in memory.
#include "base/net/digest.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/secret.hpp"
#include "hooks/scanner/scanner_file.hpp"
#include "hooks/scanner/scanner_settings.hpp"
#include "hooks/values/base64.hpp"

#include <algorithm>
#include <array>
#include <system_error>

namespace grapnel::hooks {

namespace {

constexpr std::array<std::string_view, 5> files{"token", "client-key.pem", "client-cert.pem",
                                                "hmac-key", "hmac-keyid"};
constexpr std::array<std::string_view, 3> secrets{"token", "client-key.pem", "hmac-key"};

bool visible(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 32 && c < 127; });
}

bool exists(const ScannerFiles& directory, std::string_view file)
{
    return status_if_there(directory.path(file)).has_value();
}

void check_modes(const ScannerFiles& directory)
{
    for (const auto file : secrets) {
        const auto about = status_if_there(directory.path(file));
        if (about && (about->st_mode & S_IRWXO) != 0)
            directory.error(file, "others than its owner can get at it");
    }
}

void read_token(const ScannerFiles& directory, Credentials& credentials)
{
    const auto token = directory.line("token");
    if (!token) return;
    if (token->empty() || token->size() > 4096 || !visible(*token))
        directory.error("token", "is no token of 1 to 4096 visible characters");
    credentials.token = *token;
}

void read_key(const ScannerFiles& directory, Credentials& credentials)
{
    auto text = directory.line("hmac-key");
    if (text) {
        auto key = decode_base64(*text);
        wipe(*text);
        if (!key || key->empty() || key->size() > 1024)
            directory.error("hmac-key", "is no base64 of 1 to 1024 bytes");
        else
            credentials.hmac_key = std::move(*key);
    }
    const auto id = directory.line("hmac-keyid");
    if (id) credentials.hmac_key_id = *id;
    if (id && (id->empty() || id->size() > 255 || !visible(*id)))
        directory.error("hmac-keyid", "is no name of 1 to 255 visible characters");
    if (text.has_value() != id.has_value())
        directory.error(text ? "hmac-keyid" : "hmac-key", "is missing");
}

void find_certificate(const ScannerFiles& directory, Credentials& credentials)
{
    const bool key = exists(directory, "client-key.pem"),
               certificate = exists(directory, "client-cert.pem");
    if (key != certificate)
        directory.error(key ? "client-cert.pem" : "client-key.pem", "is missing");
    if (!key || !certificate) return;
    for (const auto* file : {"client-key.pem", "client-cert.pem"}) try {
            open_read(directory.path(file));
        } catch (const std::system_error& trouble) {
            directory.error(file, reason(trouble.code().value()));
        }
    credentials.client_key_file = directory.path("client-key.pem");
    credentials.client_cert_file = directory.path("client-cert.pem");
}

}

Result<Credentials> read_credentials(const ScannerSettings& settings)
{
    std::vector<std::string> errors;
    const ScannerFiles directory(settings.directory, "control/hooks/" + settings.name, errors);
    Credentials credentials;
    try {
        check_modes(directory);
        read_token(directory, credentials);
        read_key(directory, credentials);
        find_certificate(directory, credentials);
    } catch (const std::system_error& trouble) {
        errors.emplace_back(trouble.what());
    }
    const bool any = !credentials.token.empty() || !credentials.hmac_key.empty() ||
                     !credentials.client_cert_file.empty();
    // The draft wants every call authenticated; the way for tests need not be.
    if (errors.empty() && !any && !settings.insecure_loopback)
        directory.error("token", "is missing, and so are hmac-key and client-key.pem");
    if (!errors.empty()) return permanent(join(errors, "; "));
    return credentials;
}

std::string credentials_stamp(const ScannerSettings& settings)
{
    std::string stamp;
    for (const auto file : files) {
        struct stat about {};
        const auto path = settings.directory + '/' + std::string(file);
        if (::stat(path.c_str(), &about) != 0) about = {};
        stamp += std::to_string(about.st_ino) + ' ' + std::to_string(about.st_size) + ' ' +
                 std::to_string(about.st_mtim.tv_sec) + '.' +
                 std::to_string(about.st_mtim.tv_nsec) + '\n';
    }
    return stamp;
}

}
