// qmail-spp: control/smtpplugins, and what a plugin says on its standard output. Pure. The
// protocol is Pawel Foremski's; qmail-smtpd(8), "Plugins", says what of it is spoken here.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::smtpd {

// pass: a recipient that all others have accepted, RCPTCHECK too.
enum class PluginEvent { connection, helo, mail, rcpt, pass, data, auth };

class PluginList {
public:
    // Lines "[mail]" begin a section; others are programs, or ":" and a line for the shell.
    static PluginList parse(const std::vector<std::string>& lines);

    const std::vector<std::string>& at(PluginEvent event) const
    {
        return programs_[static_cast<std::size_t>(event)];
    }
    bool contains(std::string_view program) const;
    bool empty() const;

private:
    std::array<std::vector<std::string>, 7> programs_;
};

struct PluginWords {
    enum class Verdict {
        none,     // the next plugin is asked
        all,      // A: no plugin is asked any more in this session
        yes,      // N
        beyond,   // O: yes, whatever our own rules say
        no,       // E and its message
        reject,   // R: the same, and the end
        drop,     // D: the end without a word
    };
    Verdict verdict = Verdict::none;
    std::string message;                                   // of E and R
    std::vector<std::string> headers, printed;             // H, P
    std::optional<std::string> address;                    // C: the last one
    std::vector<std::pair<std::string, bool>> variables;   // S "NAME=value", true; U "NAME", false
    std::vector<std::pair<PluginEvent, std::string>> later = {};   // L
};

// Lines behind a verdict do not count, nor do lines that mean nothing. At most 100 of each kind.
PluginWords parse_plugin_output(std::string_view output);

}
