// Passwords of users who send mail through qmail-smtpd: set, removed, listed. qmail-saslpasswd(8).
#include "base/arguments.hpp"
#include "base/net/secrets.hpp"
#include "base/sys/dumps.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/fd.hpp"
#include "base/sys/file.hpp"
#include "base/sys/limits.hpp"
#include "base/sys/program.hpp"
#include "base/text.hpp"
#include "smtpd/password_file.hpp"
#include "smtpd/password_input.hpp"
#include "smtpd/sasl/prepare.hpp"
#include "smtpd/sasl/scram_keys.hpp"

#include <sys/stat.h>

#include <string>

using namespace grapnel;
using namespace grapnel::smtpd;

namespace {

const std::string usage =
    "usage: qmail-saslpasswd [-i iterations] user | -d user | -c user | -l | -r";

struct Wish {
    char what = 's';   // set, delete, check, list, rebuild
    std::string user = {};
    unsigned iterations = sasl::usual_iterations;
};

std::string user_of(const std::string& word)
{
    auto name = sasl::prepare_name(word);
    if (!name || name->front() == '#') throw Stop{100, "that is no name of a user"};
    return *name;
}

Wish parse(const std::vector<std::string>& words)
{
    Arguments arguments(words, "d:c:lri:");
    Wish wish;
    while (const auto letter = arguments.next()) {
        if (*letter == '?') throw Stop{100, arguments.complaint() + '\n' + usage};
        if (*letter == 'i') {
            const auto number = parse_number<unsigned>(arguments.value());
            if (!number || *number < sasl::least_iterations || *number > sasl::most_iterations)
                throw Stop{100, "-i wants 4096 to 1000000"};
            wish.iterations = *number;
            continue;
        }
        if (wish.what != 's') throw Stop{100, usage};
        wish.what = *letter;
        if (*letter == 'd' || *letter == 'c') wish.user = user_of(arguments.value());
    }
    const auto rest = arguments.rest();
    if (rest.size() != (wish.what == 's' ? 1u : 0u)) throw Stop{100, usage};
    if (wish.what == 's') wish.user = user_of(rest[0]);
    return wish;
}

net::Secret password()
{
    auto typed = read_password();
    if (!typed) throw Stop{100, typed.error().text};
    return sasl::prepare_password(typed->view());
}

int obey(const Wish& wish)
{
    // Before the file is locked: people type slowly.
    const bool asks = wish.what == 's' || wish.what == 'c';
    const auto typed = asks ? password() : net::Secret();
    PasswordFile file;
    const auto his = file.users.find(wish.user);
    const bool known = his != file.users.end();
    if (!known && (wish.what == 'd' || wish.what == 'c'))
        throw Stop{1, "no such user: " + wish.user};
    switch (wish.what) {
    case 'c':
        return sasl::is_password(*sasl::decode_keys(his->second), typed.view()) ? 0 : 1;
    case 'l':
        for (const auto& [user, keys] : file.users) write_all(1, user + '\n');
        return 0;
    case 'd':
        file.users.erase(his);
        break;
    case 's':
        file.users.insert_or_assign(wish.user,
                                    encode(sasl::new_keys(typed.view(), wish.iterations)));
        break;
    default:
        break;
    }
    file.write();
    return 0;
}

}

int main(int argc, char** argv)
{
    return run("qmail-saslpasswd", [&] {
        ensure_standard_descriptors();
        ::umask(077);
        limit(Limit::core_size, 0);
        forbid_dumps();
        const auto wish = parse(argument_words(argc, argv));
        change_directory(home());
        return obey(wish);
    });
}
