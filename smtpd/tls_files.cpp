#include "smtpd/tls_files.hpp"

#include "base/sys/file.hpp"
#include "base/sys/secret.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace grapnel::smtpd {

namespace {

constexpr std::size_t most_names = 1000, longest_file = 1u << 20, most_bytes = 16u << 20;
constexpr const char* names_directory = "servercerts";

// Everybody's key is nobody's secret.
constexpr mode_t others = 0007;

// As it is usual, or as ACME clients leave it: link their directory here.
const std::vector<std::vector<std::string>> forms{{"servercert.pem"},
                                                  {"privkey.pem", "fullchain.pem"}};

std::vector<std::string> names_in(const Control& control)
{
    std::vector<std::string> names;
    try {
        names = list_directory(control.path(names_directory));
    } catch (const std::system_error&) {
        return {};   // there is none
    }
    std::erase_if(names, [](const std::string& name) { return name.starts_with('.'); });
    std::sort(names.begin(), names.end());
    return names;
}

class Files {
public:
    explicit Files(const Control& control) : control_(control) {}

    // nullopt: absent, or a complaint.
    std::optional<std::string> read(const std::string& name)
    {
        try {
            const auto facts = status_if_there(control_.path(name));
            if (!facts) return std::nullopt;
            auto text = read_file_if_there(control_.path(name), longest_file);
            if (!text) return std::nullopt;
            total_ += text->size();
            const bool has_key = text->find("PRIVATE KEY-----") != std::string::npos;
            if (has_key && (facts->st_mode & others) != 0)
                complain(name, "everybody may use the key in it: not used, chmod o= it");
            else if (total_ > most_bytes)
                complain(name, "too much for all certificates together");
            else
                return text;
            wipe(*text);
        } catch (const std::system_error& error) {
            found_.forbidden = found_.forbidden || error.code().value() == EACCES;
            if (error.code().value() != EACCES) found_.complaints.emplace_back(error.what());
        }
        return std::nullopt;
    }

    void complain(const std::string& name, const std::string& text)
    {
        found_.complaints.push_back(name + ": " + text);
    }

    TlsFiles found_;

private:
    const Control& control_;
    std::size_t total_ = 0;
};

std::optional<std::string> certificate_of(Files& files, const std::string& name)
{
    for (const auto& form : forms) {
        std::string pem;
        bool whole = true;
        for (const auto& part : form) {
            auto text = files.read(names_directory + ('/' + name) + '/' + part);
            whole = whole && text;
            if (text) pem += *text + '\n';
            if (text) wipe(*text);
        }
        if (whole) return pem;
        wipe(pem);
    }
    return std::nullopt;
}

}

TlsFiles read_tls_files(const Control& control, const Environment& environment)
{
    Files files(control);
    net::TlsMaterial material;
    material.standard = files.read("servercert.pem").value_or("");
    auto names = names_in(control);
    if (names.size() > most_names) {
        files.complain(names_directory, "more than 1000 names; the last ones do not count");
        names.resize(most_names);
    }
    for (const auto& name : names)
        if (auto pem = certificate_of(files, name))
            material.named.emplace_back(name, std::move(*pem));
        else if (!files.found_.forbidden)
            files.complain(names_directory + ('/' + name), "no servercert.pem that can be used");
    if (material.standard.empty() && !material.named.empty())
        material.standard = material.named.front().second;
    material.ciphers =
        environment.get("TLSCIPHERS").value_or(control.line("tlsserverciphers").value_or(""));
    material.client_authorities = files.read("clientca.pem").value_or("");
    if (!material.client_authorities.empty())
        material.client_authorities += files.read("clientcrl.pem").value_or("");
    if (!material.standard.empty()) files.found_.material.emplace(std::move(material));
    return std::move(files.found_);
}

std::string tls_fingerprint(const Control& control)
{
    std::string result;
    const auto note = [&](const std::string& name) {
        struct stat facts {};
        if (::stat(control.path(name).c_str(), &facts) != 0) return;
        result += name + ' ' + std::to_string(facts.st_mtim.tv_sec) + '.' +
                  std::to_string(facts.st_mtim.tv_nsec) + ' ' +
                  std::to_string(facts.st_ctim.tv_sec) + '.' +
                  std::to_string(facts.st_ctim.tv_nsec) + ' ' + std::to_string(facts.st_size) +
                  ' ' + std::to_string(facts.st_ino) + '\n';
    };
    for (const auto* name : {"servercert.pem", "clientca.pem", "clientcrl.pem", "tlsserverciphers"})
        note(name);
    auto names = names_in(control);
    if (names.size() > most_names) names.resize(most_names);
    for (const auto& name : names)
        for (const auto& form : forms)
            for (const auto& part : form) note(names_directory + ('/' + name) + '/' + part);
    return result;
}

}
