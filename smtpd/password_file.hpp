// control/saslpasswd, "USER:KEYS" on each line, and control/saslpasswd.cdb that is made of it
// (smtpd/credentials.hpp). For qmail-saslpasswd alone; in the home directory. Throws system_error
// and Stop.
#pragma once

#include <map>
#include <string>

namespace grapnel::smtpd {

class PasswordFile {
public:
    PasswordFile();   // read; waits for others who are changing it

    std::map<std::string, std::string> users;   // names to keys, as encode() writes them

    // Both files anew, each in one step: the text 0600, the table 0400 and qmaild's.
    void write() const;

private:
    struct Held {
        explicit Held(const char* path);
        ~Held();
        int descriptor;
    };
    Held held_;
};

}
