// qmail-quarantine(8): lists, shows, lets go and deletes mail that is held.
#include "base/arguments.hpp"
#include "base/sys/account.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/file.hpp"
#include "base/sys/log.hpp"
#include "base/sys/program.hpp"
#include "base/sys/signal.hpp"
#include "base/text.hpp"
#include "queue/quarantine.hpp"
#include "queue/quarantine_list.hpp"
#include "queue/submission.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

using namespace grapnel;
using namespace grapnel::queue;

namespace {

constexpr const char* usage =
    "usage: qmail-quarantine list [--json] | show ID | release ID ... | delete ID ...";
constexpr std::size_t piece_size = 65536;
constexpr int never = 100, later = 111;

[[noreturn]] void none(const std::string& id)
{
    throw Stop{never, id + ": no such message is held"};
}

HeldMail existing(const Quarantine& quarantine, const std::string& id)
{
    if (!is_uuid(id)) none(printable(id));
    auto mail = quarantine.look(id);
    if (!mail) throw Stop{later, id + ": " + mail.error().text};
    if (!*mail) none(id);
    return std::move(**mail);
}

int list(const Quarantine& quarantine, bool json)
{
    Writer out(1);
    int code = 0;
    std::string_view separator = "[";
    for (const auto& id : quarantine.ids()) {
        const auto mail = quarantine.look(id);
        if (!mail) {
            log_line(2, "qmail-quarantine: " + id + ": " + mail.error().text);
            code = later;
        } else if (*mail) {   // else it has just gone
            if (json)
                out.write(std::string(std::exchange(separator, ",\n")) + json_about(**mail));
            else
                out.write(line_about(**mail));
        }
    }
    if (json) out.write(separator == "[" ? "[]\n" : "]\n");
    out.flush();
    return code;
}

// A terminal obeys what strangers write, where it is let.
std::string harmless(std::string_view text)
{
    std::string result(text);
    std::replace_if(
        result.begin(), result.end(),
        [](char c) { return (c < 32 && c != '\n' && c != '\t') || c == 127; }, '?');
    return result;
}

int show(const Quarantine& quarantine, const std::string& id)
{
    const bool terminal = ::isatty(1) != 0;
    Writer out(1);
    out.write(all_about(existing(quarantine, id)) + '\n');
    const Fd message = quarantine.open_message(id);
    Reader reader(message.get(), piece_size);
    for (auto bytes = reader.available(); !bytes.empty(); bytes = reader.available()) {
        out.write(terminal ? harmless(bytes) : std::string(bytes));
        reader.consume(bytes.size());
    }
    out.flush();
    return 0;
}

// Through qmail-queue itself, whatever else may stand in for it: the records must not be lost.
Environment without_stand_in()
{
    auto environment = Environment::of_process();
    environment.unset("QMAILQUEUE");
    return environment;
}

// Between the queue's word and the removal a power cut leaves both: then it goes out twice, never
// not at all.
void release(const Quarantine& quarantine, const std::string& id)
{
    auto mail = existing(quarantine, id);
    const Fd message = quarantine.open_message(id);
    Submission submission(without_stand_in());
    Reader reader(message.get(), piece_size);
    for (auto bytes = reader.available(); !bytes.empty(); bytes = reader.available()) {
        submission.write(bytes);
        reader.consume(bytes.size());
    }
    Envelope envelope{std::move(mail.envelope.sender), std::move(mail.envelope.recipients),
                      std::move(mail.envelope.extensions)};
    envelope.extensions.message.erase("held");
    if (const auto result = submission.finish(envelope); !result)
        throw Stop{result.error().retry == Retry::later ? later : never,
                   id + ": not released: " + result.error().text};
    quarantine.remove(id);
}

void remove(const Quarantine& quarantine, const std::string& id)
{
    if (!is_uuid(id) || !quarantine.remove(id)) none(printable(id));
}

// Each by itself: trouble with one keeps no other.
int for_each(const std::vector<std::string>& ids,
             const std::function<void(const std::string&)>& action)
{
    int code = 0;
    for (const auto& id : ids) try {
            action(id);
        } catch (const Stop& stop) {
            log_line(2, "qmail-quarantine: " + stop.text);
            code = std::max(code, stop.exit_code);
        } catch (const std::system_error& error) {
            log_line(2, "qmail-quarantine: " + printable(id) + ": " + error.what());
            code = later;
        }
    return code;
}

int obey(std::vector<std::string> words)
{
    if (words.size() < 2) throw Stop{never, usage};
    const auto verb = words[1];
    words.erase(words.begin(), words.begin() + 2);
    const bool json = verb == "list" && words == std::vector<std::string>{"--json"};
    const bool known = verb == "list"   ? words.empty() || json
                       : verb == "show" ? words.size() == 1
                                        : (verb == "release" || verb == "delete") && !words.empty();
    if (!known) throw Stop{never, usage};
    ignore_signal(SIGPIPE);
    change_directory(home() + "/queue");
    become_if_root(Role::queue);
    const Quarantine quarantine;
    if (verb == "list") return list(quarantine, json);
    if (verb == "show") return show(quarantine, words.front());
    quarantine.lock();
    return for_each(words, [&](const std::string& id) {
        verb == "release" ? release(quarantine, id) : remove(quarantine, id);
    });
}

}

int main(int count, char** words)
{
    return run("qmail-quarantine", [&] { return obey(argument_words(count, words)); });
}
