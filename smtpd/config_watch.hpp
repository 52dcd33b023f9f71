// The server's current Config: read again when a file in control/ has changed, for new sessions.
#pragma once

#include "smtpd/config.hpp"

#include <memory>
#include <string>

namespace grapnel::smtpd {

class ConfigWatch {
public:
    explicit ConfigWatch(Control control);

    // Reads again if something changed since. Complaints and trouble go to the log.
    void look();
    // nullptr while the files cannot be read: then every client gets 421.
    std::shared_ptr<const Config> current() const { return config_; }

private:
    std::string fingerprint() const;

    Control control_;
    std::shared_ptr<const Config> config_;
    std::string seen_ = "nothing yet";
};

}
