// The settings of qmail-1.03 in the order and the words in which its qmail-showctl prints them, for
// scripts that read that. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::send {

// The text of a file; nullopt: there is none. Throws system_error where it cannot be read.
using FileText = std::function<std::optional<std::string>(std::string_view name)>;

// What is said of morercpthosts.cdb, which is not read here.
enum class TableState { none, without_text, missing, old, fresh };

// From "\nbadmailfrom: " to the end of virtualdomains. open_relay: what control/lax says of a
// missing rcpthosts.
std::string classic_settings(const FileText& text_of, TableState more_hosts, bool open_relay);

bool is_classic_setting(std::string_view name);

}
