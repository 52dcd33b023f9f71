#include "remote/worker_wire.hpp"

#include "base/text.hpp"

namespace grapnel::remote {

namespace {

constexpr std::string_view hello = "Gqmail-remote/1 ";

std::optional<unsigned> take_number(std::string_view& packet, char letter)
{
    if (!packet.starts_with(letter)) return std::nullopt;
    std::string_view rest = packet.substr(1);
    const auto digits = take_until(rest, '\0');
    if (!digits) return std::nullopt;
    packet = rest;
    return parse_number<unsigned>(*digits);
}

}

std::string encode(const Greeting& greeting)
{
    return std::string(hello) + std::to_string(greeting.capacity);
}

std::optional<Greeting> decode_greeting(std::string_view packet)
{
    if (!packet.starts_with(hello)) return std::nullopt;
    const auto capacity = parse_number<unsigned>(packet.substr(hello.size()));
    if (!capacity || *capacity == 0) return std::nullopt;
    return Greeting{*capacity};
}

std::string encode(const WorkerJob& job)
{
    return 'J' + std::to_string(job.number) + '\0' + job.host + '\0' + job.sender + '\0' +
           job.recipient + '\0' + (job.records.empty() ? std::string() : job.records + '\0');
}

std::optional<WorkerJob> decode_worker_job(std::string_view packet)
{
    const auto number = take_number(packet, 'J');
    const auto host = take_until(packet, '\0'), sender = take_until(packet, '\0'),
               recipient = take_until(packet, '\0');
    if (!number || !recipient) return std::nullopt;
    WorkerJob job{*number, std::string(*host), std::string(*sender), std::string(*recipient), {}};
    if (packet.empty()) return job;
    const auto records = take_until(packet, '\0');
    if (!records || records->empty() || !packet.empty()) return std::nullopt;
    job.records = *records;
    return job;
}

std::string encode(const WorkerReport& report)
{
    return 'R' + std::to_string(report.number) + '\0' + report.output;
}

std::optional<WorkerReport> decode_worker_report(std::string_view packet)
{
    const auto number = take_number(packet, 'R');
    if (!number) return std::nullopt;
    return WorkerReport{*number, std::string(packet)};
}

}
