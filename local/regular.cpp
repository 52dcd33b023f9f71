#include "local/regular.hpp"

#include "base/sys/file.hpp"
#include "base/sys/packet.hpp"
#include "base/sys/program.hpp"
#include "base/text.hpp"
#include "local/carried.hpp"
#include "local/delivery.hpp"
#include "local/report.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace grapnel::local {

namespace {

constexpr std::size_t sender_argument = 8;

void tell_records(const std::string& records)
{
    if (records.empty())
        ::unsetenv(records_variable);
    else
        ::setenv(records_variable, records.c_str(), 1);
}

constexpr std::size_t home_argument = 3;

// Whose it is, and which. What lies in it may change.
bool is_same_home(const std::optional<struct stat>& before, const std::optional<struct stat>& now)
{
    return before && now && before->st_dev == now->st_dev && before->st_ino == now->st_ino &&
           before->st_uid == now->st_uid;
}

RegularReply carry_out(const std::vector<std::string>& arguments)
{
    try {
        const auto said = deliver_to_maildirs(arguments);
        if (!said) return {};
        return {0, *said};
    } catch (const Stop& stop) {
        return {stop.exit_code, (stop.text + '\n').substr(0, longest_output + 1)};
    }
}

}

std::string encode(const RegularJob& job) { return job.sender + '\0' + job.records; }

Result<RegularJob> decode_regular_job(std::string_view packet)
{
    const auto sender = take_until(packet, '\0');
    if (!sender) return temporary("job is cut short");
    return RegularJob{std::string(*sender), std::string(packet)};
}

std::string encode(const RegularReply& reply)
{
    return (reply.code ? std::to_string(*reply.code) : "") + '\0' + reply.text;
}

Result<RegularReply> decode_regular_reply(std::string_view packet)
{
    const auto code = take_until(packet, '\0');
    if (!code) return temporary("reply is cut short");
    if (code->empty()) return RegularReply{{}, std::string(packet)};
    const auto number = parse_number<unsigned char>(*code);
    if (!number) return temporary("reply without an exit code");
    return RegularReply{*number, std::string(packet)};
}

int serve_regular(int socket, std::vector<std::string> arguments)
{
    prepare_to_deliver();
    const Fd nothing = open_file("/dev/null", O_RDWR);
    const std::string home = arguments.at(home_argument);
    const auto known_home = status_if_there(home);
    std::vector<char> room(longest_regular_packet);
    for (;;) {
        if (::dup2(nothing.get(), 0) != 0) return 111;   // holds no message longer than it must
        const auto packet = receive_packet(socket, room);
        if (!packet || packet->ended) return 0;
        const auto job = decode_regular_job(packet->bytes);
        if (!packet->whole || packet->descriptors.size() != 1 || !job) return 111;
        if (::dup2(packet->descriptors[0].get(), 0) != 0) return 111;
        arguments[sender_argument] = job->sender;
        tell_records(job->records);
        RegularReply reply;   // a home that is another's now: the user is to be looked up again
        if (is_same_home(known_home, status_if_there(home))) reply = carry_out(arguments);
        if (!send_packet(socket, encode(reply)) || reply.code != 0) return 0;
    }
}

}
