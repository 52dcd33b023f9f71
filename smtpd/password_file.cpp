#include "smtpd/password_file.hpp"

#include "base/net/secrets.hpp"
#include "base/sys/account.hpp"
#include "base/sys/cdb.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/text.hpp"
#include "smtpd/sasl/scram_keys.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace grapnel::smtpd {

namespace {

constexpr const char* text_file = "control/"
                                  "saslpasswd";
constexpr const char* new_text_file = "control/saslpasswd.new";
constexpr const char* table_file = "control/saslpasswd.cdb";
constexpr const char* new_table_file = "control/saslpasswd.cdb.tmp";
constexpr const char* lock_file = "control/saslpasswd.lock";
constexpr std::size_t longest_file = 64u << 20, secret_size = 32;

// The one that is there: else everybody's invented salt would change with each new user.
std::string secret_of_table()
{
    if (const auto table = CdbReader::open(table_file))
        if (auto secret = table->find(""); secret && !secret->empty()) return *secret;
    return net::random_bytes(secret_size);
}

void write_text(const std::string& text)
{
    Fd file = open_file(new_text_file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    write_all(file.get(), text, new_text_file);
    sync(file.get(), new_text_file);
    file.close_checked(new_text_file);
    rename_file(new_text_file, text_file);
}

}

PasswordFile::Held::Held(const char* path)
    : descriptor(open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600).release())
{
    while (::flock(descriptor, LOCK_EX) != 0)
        if (errno != EINTR) throw_errno("unable to lock", path);
}

PasswordFile::Held::~Held() { ::close(descriptor); }

PasswordFile::PasswordFile() : held_(lock_file)
{
    const auto text = read_file_if_there(text_file, longest_file).value_or("");
    for (const auto line : split(text, '\n')) {
        if (line.empty() || line.front() == '#') continue;
        const auto colon = line.rfind(":SCRAM-SHA-256$");
        if (colon == std::string_view::npos || colon == 0 ||
            !sasl::decode_keys(line.substr(colon + 1)))
            throw Stop{111, "bad line in " + std::string(text_file) + ": " +
                                std::string(line.substr(0, line.find(':')))};
        users.insert_or_assign(std::string(line.substr(0, colon)),
                               std::string(line.substr(colon + 1)));
    }
}

// The text first: where the table cannot be written, qmail-saslpasswd -r makes it good.
void PasswordFile::write() const
{
    std::string text;
    for (const auto& [user, keys] : users) text += user + ':' + keys + '\n';
    const auto secret = secret_of_table();
    write_text(text);
    {
        remove_file(new_table_file);   // of an earlier one that failed
        const auto mask = ::umask(0277);
        CdbWriter table(table_file, new_table_file);
        ::umask(mask);
        if (::geteuid() == 0 && !in_sandbox()) {
            const auto reader = role_identity(Role::daemon);
            if (::chown(new_table_file, reader.uid, static_cast<gid_t>(-1)) != 0)
                throw_errno("unable to give away", new_table_file);
        }
        table.add("", secret);
        for (const auto& [user, keys] : users) table.add(user, keys);
        table.finish();
    }
    sync_directory("control");
}

}
