// Programs that are told by MAILDIR where to work. Each throws Stop 111 in the originals' words.
#pragma once

#include "base/sys/environment.hpp"
#include "local/maildir_list.hpp"

#include <string>
#include <vector>

namespace grapnel::local {

void enter_maildir(const Environment& environment);
std::vector<MaildirMessage> list_entered(const std::vector<std::string>& directories);

}
