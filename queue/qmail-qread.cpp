// qmail-qread(8): the messages that qmail-send has taken over, and their recipients, for people and
// scripts.
#include "base/mail/date.hpp"
#include "base/mail/extension.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/text.hpp"
#include "queue/spool.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

using namespace grapnel;
using namespace grapnel::queue;

namespace {

constexpr std::size_t longest_record = 1024 * 1024;
constexpr int trouble = 111;

std::string visible(std::string text)
{
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < 32 || c > 126; }, '_');
    return text;
}

std::string without_zone(std::time_t when)
{
    std::string date = date_822(when);
    date.resize(date.size() - std::string_view(" -0000").size());
    return date + " GMT";
}

// Whether it waits for its time (record hold-until), in words.
std::string held(Reader& records)
{
    while (const auto record = records.record('\0', longest_record)) {
        const auto decoded = decode_record(*record);
        if (!decoded || decoded->first != "hold-until") continue;
        const auto until = parse_number<std::uint32_t>(decoded->second);
        if (until && static_cast<std::time_t>(*until) > std::time(nullptr))
            return " held until " + without_zone(*until);
    }
    return {};
}

struct stat existing(const std::string& path)
{
    const auto about = status_if_there(path);
    if (!about) throw_error(ENOENT, "unable to stat", path);
    return *about;
}

void print_message(Writer& out, const Spool& spool, MessageNumber number)
{
    const auto size = existing(spool.mess(number)).st_size;
    struct stat about {};
    const bool bouncing = ::stat(Spool::bounce(number).c_str(), &about) == 0;
    const Fd info = open_read(spool.info(number));
    Reader records(info.get());
    const auto sender = records.record('\0', longest_record).value_or("F");
    out.write(visible(without_zone(status(info.get()).st_mtime) + "  #" + std::to_string(number) +
                      "  " + std::to_string(size) + "  <" +
                      (sender.empty() ? sender : sender.substr(1)) + "> " +
                      (bouncing ? " bouncing" : "") + held(records)) +
              '\n');
}

void print_recipients(Writer& out, std::string_view channel, const std::string& path)
{
    const auto file = open_if_there(path);
    if (!file) return;
    Reader records(file->get());
    while (const auto record = records.record('\0', longest_record)) {
        const char letter = record->empty() ? '\0' : record->front();
        if (letter == 'D') out.write("  done");
        if (letter == 'D' || letter == 'T')
            out.write('\t' + std::string(channel) + '\t' + visible(record->substr(1)) + '\n');
    }
}

// One message in trouble does not keep the others from being shown.
template <class Action>
bool warned(Writer& out, MessageNumber number, Action&& action)
{
    try {
        action();
        return false;
    } catch (const std::system_error& error) {
        out.write("warning: trouble with #" + std::to_string(number) + ": " +
                  std::string(reason(error.code().value())) + '\n');
        return true;
    }
}

[[noreturn]] void stop(const std::string& action, const std::system_error& error)
{
    throw Stop{trouble, action + ": " + std::string(reason(error.code().value()))};
}

std::vector<std::string> names_in(const std::string& directory)
{
    try {
        return list_directory(directory);
    } catch (const std::system_error& error) {
        stop("unable to opendir " + directory, error);
    }
}

void print_queue(Writer& out, const Spool& spool)
{
    for (unsigned part = 0; part < spool.split(); ++part)
        for (const auto& name : names_in(spool.directory_of("info", part))) {
            const auto number = message_number(name);
            if (!number || warned(out, *number, [&] { print_message(out, spool, *number); }))
                continue;
            warned(out, *number, [&] { print_recipients(out, "local", spool.local(*number)); });
            warned(out, *number, [&] { print_recipients(out, "remote", spool.remote(*number)); });
        }
}

Spool enter_queue()
{
    try {
        change_directory(home());
        change_directory("queue");
        return Spool::open();
    } catch (const std::system_error& error) {
        stop("unable to chdir", error);
    }
}

}

// Faults, too, are told on descriptor 1, where scripts look.
int main()
{
    Writer out(1);
    return run("qmail-qread", [&] {
        try {
            print_queue(out, enter_queue());
            out.flush();
            return 0;
        } catch (const Stop& stop) {
            out.write("fatal: " + stop.text + '\n');
            out.flush();
            return stop.exit_code;
        }
    });
}
