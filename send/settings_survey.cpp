#include "send/settings_survey.hpp"

#include "base/sys/account.hpp"
#include "base/sys/cdb.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/log.hpp"
#include "base/sys/program.hpp"
#include "base/sys/secret.hpp"
#include "base/text.hpp"
#include "send/setting_check.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>

namespace grapnel::send {

namespace {

constexpr std::size_t longest_file = 64u * 1024 * 1024;

struct Reader {
    std::string_view program;
    Role role;
};
// Of programs that are started by anybody there is none: everybody must be able to read.
constexpr std::array readers{
    Reader{"qmail-smtpd", Role::daemon}, Reader{"qmail-smtpd --listen", Role::daemon},
    Reader{"qmail-qmqpd", Role::daemon}, Reader{"qmail-remote", Role::remote},
    Reader{"qmail-send", Role::send},    Reader{"qmail-queue", Role::queue},
    Reader{"qmail-queued", Role::queue}, Reader{"qmail-hookd", Role::hooks}};
// Started by root, or reading before they become somebody else.
constexpr std::array readers_as_root{"qmail-start",     "qmail-newmrh",     "qmail-newmvrt",
                                     "qmail-newsendas", "qmail-saslpasswd", "qmail-smtpd as root"};

bool may_read(const struct stat& file, const Identity& who)
{
    if (who.uid == 0) return true;
    if (file.st_uid == who.uid) return (file.st_mode & S_IRUSR) != 0;
    if (file.st_gid == who.gid) return (file.st_mode & S_IRGRP) != 0;
    return (file.st_mode & S_IROTH) != 0;
}

// nullopt: root, or nobody in particular is missing here (a user that this host does not have).
std::optional<Identity> identity_of(Role role)
{
    try {
        return role_identity(role);
    } catch (const Stop&) {
        return std::nullopt;
    }
}

class Surveyor {
public:
    explicit Surveyor(const Control& control) : control_(control) {}

    Survey survey()
    {
        const auto names = list_directory(control_.directory());   // throws where it is not there
        survey_.me = me();
        for (const auto& setting : settings) look_at(setting);
        look_at_directory();
        look_at_users();
        look_at_certificates();
        look_at_relaying();
        look_at_domains();
        sort_out(names);
        return std::move(survey_);
    }

private:
    using Origin = SurveyedSetting::Origin;

    void add(std::string_view file, std::string text, std::size_t line = 0)
    {
        survey_.problems.push_back({std::string(file), line, std::move(text)});
    }

    std::string me() const
    {
        try {
            return control_.line("me").value_or("");
        } catch (const std::system_error&) {
            return {};
        }
    }

    void look_at(const Setting& setting)
    {
        SurveyedSetting found{&setting};
        try {
            const auto file = status_if_there(control_.path(setting.name));
            if (!file) {
                if (setting.fallback == "me" && !survey_.me.empty()) found.origin = Origin::me;
                if (setting.name == "me") add("me", "It is missing; nothing works without it.");
            } else {
                found.origin = Origin::file;
                look_at_file(setting, *file);
                read(setting, found);
                if (holds_passwords(setting, found.text) && (file->st_mode & S_IROTH) != 0)
                    add(setting.name, "It holds passwords, but everybody can read it.");
            }
        } catch (const std::system_error& error) {
            found.origin = Origin::unreadable;
            add(setting.name,
                "It cannot be read: " + std::string(reason(error.code().value())) + '.');
        }
        if (setting.kind == SettingKind::cdb) look_at_table(setting);
        survey_.settings.push_back(std::move(found));
    }

    void read(const Setting& setting, SurveyedSetting& found)
    {
        if (setting.kind == SettingKind::cdb || setting.kind == SettingKind::file) {
            const Fd opened = open_read(control_.path(setting.name));
            return;
        }
        found.text = read_file_if_there(control_.path(setting.name), longest_file).value_or("");
        for (auto& finding : complaints(setting, found.text))
            add(setting.name, std::move(finding.text), finding.line);
    }

    void look_at_file(const Setting& setting, const struct stat& file)
    {
        if (!is_secret_of_its_reader(setting, file)) look_at_owner(std::string(setting.name), file);
        if (S_ISDIR(file.st_mode)) return;
        if (setting.check == Check::secret && (file.st_mode & S_IROTH) != 0)
            add(setting.name, "It is a secret, but everybody can read it.");
        const auto programs = split(setting.readers, ',');
        for (const auto word : programs) look_at_reader(setting, trim(word), file);
    }

    // What nobody else may read, as others share its reader's group; who has been taken over can
    // change what he goes by anyway.
    static bool is_secret_of_its_reader(const Setting& setting, const struct stat& file)
    {
        const bool may_be = setting.check == Check::secret || setting.check == Check::route;
        if (!may_be || (file.st_mode & (S_IRWXG | S_IRWXO)) != 0) return false;
        return std::any_of(readers.begin(), readers.end(), [&](const auto& reader) {
            const auto who =
                reader.program == setting.readers ? identity_of(reader.role) : std::nullopt;
            return who && who->uid == file.st_uid;
        });
    }

    void look_at_owner(const std::string& name, const struct stat& file)
    {
        const bool ours = file.st_uid == 0 || (in_sandbox() && file.st_uid == ::geteuid());
        if (!ours) {
            const auto account = find_account(file.st_uid);
            add(name, "It belongs to " +
                          (account ? account->name : "user " + std::to_string(file.st_uid)) +
                          ", who can change it; root should own it.");
        }
        if ((file.st_mode & S_IWOTH) != 0)
            add(name, "Everybody can change it.");
        else if ((file.st_mode & S_IWGRP) != 0 && file.st_gid != 0)
            add(name, "Its group can change it.");
    }

    void look_at_reader(const Setting& setting, std::string_view program, const struct stat& file)
    {
        if (in_sandbox() || program.ends_with(" as root")) return;
        const auto is_program = [&](const auto& reader) { return reader.program == program; };
        const auto* reader = std::find_if(readers.begin(), readers.end(), is_program);
        if (reader != readers.end()) {
            const auto who = identity_of(reader->role);
            if (who && !may_read(file, *who))
                add(setting.name, std::string(program) + " (user " + role_name(reader->role) +
                                      ") cannot read it.");
        } else if (std::find(readers_as_root.begin(), readers_as_root.end(), program) ==
                       readers_as_root.end() &&
                   setting.check != Check::secret && (file.st_mode & S_IROTH) == 0) {
            add(setting.name,
                program == "all" ? "Not all programs can read it."
                                 : std::string(program) + " cannot read it: anybody may run that.");
        }
    }

    // As qmail-smtpd takes them (smtpd/tls_files).
    void look_at_certificates()
    {
        try {
            const bool one = look_at_certificate("servercert.pem", "", "servercert.pem");
            const auto place = control_.path("servercerts");
            const auto names =
                status_if_there(place) ? list_directory(place) : std::vector<std::string>();
            for (const auto& name : names) {
                const auto file = "servercerts/" + name, in_it = file + '/';
                const auto facts = status_if_there(control_.path(file));
                if (!facts || !S_ISDIR(facts->st_mode))
                    add(file, "It is no directory and does not count.");
                else if (!look_at_certificate(in_it + "servercert.pem", "", file) &&
                         !look_at_certificate(in_it + "privkey.pem", in_it + "fullchain.pem", file))
                    add(file, "It holds no servercert.pem, nor privkey.pem and fullchain.pem.");
            }
            if (!one && names.empty())
                survey_.notes.emplace_back(
                    "The SMTP server has no certificate, so nobody can use TLS.");
        } catch (const std::system_error& error) {
            add("servercerts", error.what());
        }
    }

    // false: there is none.
    bool look_at_certificate(const std::string& key, const std::string& chain,
                             const std::string& file)
    {
        const auto facts = status_if_there(control_.path(key));
        if (!facts) return false;
        auto text = read_file_if_there(control_.path(key), longest_file).value_or("");
        const bool has_key = text.find("PRIVATE KEY-----") != std::string::npos;
        if (!chain.empty())
            text += read_file_if_there(control_.path(chain), longest_file).value_or("");
        if (!has_key || text.find("BEGIN CERTIFICATE-----") == std::string::npos)
            add(file, "It must hold a private key and its certificate: it is not used.");
        if (has_key && (facts->st_mode & S_IRWXO) != 0)
            add(file, "Everybody may use the key in it, so it is not used.");
        wipe(text);
        return true;
    }

    // A compiled table must be there with its text, and be as new.
    void look_at_table(const Setting& setting)
    {
        const auto path = control_.path(setting.name);
        const auto table = status_if_there(path);
        auto state = TableState::none;
        if (!setting.words.empty()) {
            const std::string text_name(setting.words);
            const auto text = status_if_there(control_.path(text_name));
            if (text && !table) state = TableState::missing;
            if (!text && table) state = TableState::without_text;
            if (text && table)
                state = text->st_mtime > table->st_mtime ? TableState::old : TableState::fresh;
            if (state == TableState::missing)
                add(text_name, "It is there, but not compiled: it has no effect.");
            if (state == TableState::without_text) add(setting.name, text_name + " is gone.");
            if (state == TableState::old)
                add(setting.name, "It is older than " + text_name + ": compile that again.");
        }
        if (setting.name == "morercpthosts.cdb") survey_.more_hosts = state;
        if (table) check_table(std::string(setting.name), path);
    }

    void check_table(const std::string& name, const std::string& path)
    {
        try {
            CdbReader::open(path);
        } catch (const std::system_error&) {
            add(name, "It cannot be read, or is no cdb.");
        }
    }

    void look_at_directory()
    {
        if (const auto directory = status_if_there(control_.directory()))
            look_at_owner("control", *directory);
    }

    void look_at_users()
    {
        try {
            const auto text = status_if_there(home() + "/users/assign");
            const auto table = status_if_there(home() + "/users/cdb");
            if (text && !table)
                add("users/assign", "It is there, but not compiled: run qmail-newu.");
            if (text && table && text->st_mtime > table->st_mtime)
                add("users/cdb", "It is older than users/assign: run qmail-newu.");
            if (table) check_table("users/cdb", home() + "/users/cdb");
        } catch (const std::system_error& error) {
            if (error.code().value() != EACCES) throw;   // not everybody may look in there
        }
    }

    void look_at_relaying()
    {
        try {
            for (const auto& line : control_.list("lax").value_or(std::vector<std::string>()))
                for (const auto word : split(std::string_view(line).substr(0, line.find('#')), ' '))
                    survey_.open_relay =
                        survey_.open_relay || word == "openrelay" || word == "qmail";
            if (status_if_there(control_.path("rcpthosts"))) return;
        } catch (const std::system_error&) {
            return;   // said already
        }
        add("rcpthosts",
            survey_.open_relay
                ? "It is missing, and control/lax says so: this host is an open relay."
                : "It is missing: mail is taken for local domains only. Under another qmail this "
                  "host would be an open relay.");
    }

    void look_at_domains()
    {
        try {
            const std::vector<std::string> none;
            const auto locals = control_.list("locals").value_or(std::vector{survey_.me});
            const auto accepted = control_.list("rcpthosts");
            for (auto& conflict : conflicts(locals, accepted ? &*accepted : nullptr,
                                            control_.list("virtualdomains").value_or(none)))
                add("locals", std::move(conflict));
            const bool knows_users = control_.list("validrcptto") ||
                                     status_if_there(control_.path("validrcptto.cdb")) ||
                                     status_if_there(control_.path("morevalidrcptto.cdb"));
            if (!locals.empty() && !knows_users)
                survey_.notes.emplace_back("The SMTP server accepts unknown users, so this host "
                                           "will backscatter: see validrcptto in qmail-smtpd(8).");
        } catch (const std::system_error&) {
            // said already
        }
    }

    void sort_out(std::vector<std::string> names)
    {
        std::sort(names.begin(), names.end());
        const auto named = [](std::string_view name) {
            return [name](const auto& row) { return row.name == name; };
        };
        for (auto& name : names) {
            if (name == "hooks" || is_classic_setting(name) ||
                std::any_of(settings.begin(), settings.end(), named(name)))
                continue;
            const auto* foreign =
                std::find_if(foreign_settings.begin(), foreign_settings.end(), named(name));
            if (foreign != foreign_settings.end())
                survey_.foreign.push_back(foreign);
            else
                survey_.unknown.push_back(printable(name));
        }
    }

    const Control& control_;
    Survey survey_;
};

}

std::string Problem::sentence() const
{
    return file + ": " + (line > 0 ? "line " + std::to_string(line) + ": " : "") + text;
}

Survey survey_settings(const Control& control) { return Surveyor(control).survey(); }

}
