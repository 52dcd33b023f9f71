#include "queue/exit_code.hpp"

#include <string>

namespace grapnel::queue {

namespace {

Failure classic(int code)
{
    switch (code) {
    case exit_code::address_too_long:
    case 115:
        return permanent("envelope address too long for qq (#5.1.3)");
    case exit_code::refused:
        return permanent("mail server permanently rejected message (#5.3.0)");
    case exit_code::out_of_memory:
        return temporary("qq out of memory (#4.3.0)");
    case exit_code::timeout:
        return temporary("qq timeout (#4.3.0)");
    case exit_code::write_error:
        return temporary("qq write error or disk full (#4.3.0)");
    case exit_code::queued:
    case exit_code::read_error:
        return temporary("qq read error (#4.3.0)");
    case exit_code::configuration:
        return temporary("qq unable to read configuration (#4.3.0)");
    case exit_code::network:
        return temporary("qq trouble making network connection (#4.3.0)");
    case exit_code::home:
        return temporary("qq trouble in home directory (#4.3.0)");
    case exit_code::queue_directory:
    case exit_code::pid_file:
    case exit_code::mess_file:
    case exit_code::intd_file:
    case exit_code::todo_file:
        return temporary("qq trouble creating files in queue (#4.3.0)");
    case exit_code::server_refused_later:
        return temporary("mail server temporarily rejected message (#4.3.0)");
    case exit_code::connect_timeout:
        return temporary("connection to mail server timed out (#4.4.1)");
    case exit_code::connect_refused:
        return temporary("connection to mail server rejected (#4.4.1)");
    case exit_code::connection_broke:
        return temporary("communication with mail server failed (#4.4.2)");
    case exit_code::internal:
    case exit_code::bad_envelope:
        return temporary("qq internal bug (#4.3.0)");
    case exit_code::exec_failed:
        return temporary("unable to exec qq (#4.3.0)");
    default:
        break;
    }
    if (code >= 11 && code <= 40) return permanent("qq permanent problem (#5.3.0)");
    return temporary("qq temporary problem (#4.3.0)");
}

bool is_custom(int code) { return code == exit_code::custom || code == exit_code::custom_other; }

}

Result<> explain(const Ending& ending, std::string_view custom_text)
{
    if (ending.crashed) return temporary("qq crashed (#4.3.0)");
    if (ending.code == 0) return {};
    const Failure plain = classic(ending.code);
    if (custom_text.size() < 3 || (custom_text[0] != 'D' && custom_text[0] != 'Z')) return plain;
    const Retry said = custom_text[0] == 'D' ? Retry::never : Retry::later;
    if (!is_custom(ending.code) && said != plain.retry) return plain;
    std::string text(custom_text.substr(1, 254));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return Failure(said, text);
}

}
