#include "queue/delivery.hpp"

#include <utility>

namespace grapnel::queue {

namespace {
constexpr std::size_t longest_field = 65536;
}

std::string encode(const Job& job)
{
    std::string bytes(1, static_cast<char>(job.number));
    return bytes + job.message + '\0' + job.sender + '\0' + job.recipient + '\0';
}

std::optional<Job> JobReader::take(std::string_view& bytes)
{
    while (!bytes.empty() && !broken_) {
        if (field_ == 0) {
            job_ = Job{static_cast<unsigned char>(bytes.front()), {}, {}, {}};
            bytes.remove_prefix(1);
            field_ = 1;
            continue;
        }
        auto& text = field_ == 1 ? job_.message : field_ == 2 ? job_.sender : job_.recipient;
        const auto end = bytes.find('\0');
        text += bytes.substr(0, end);
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
        broken_ = text.size() > longest_field;
        if (end == std::string_view::npos) break;
        if (++field_ < 4) continue;
        field_ = 0;
        return std::move(job_);
    }
    return std::nullopt;
}

std::string encode(const Report& report)
{
    std::string bytes(1, static_cast<char>(report.number));
    if (report.letter == '\0') return bytes + '\0';   // a report that is only its end
    return bytes + report.letter + report.text.substr(0, report.text.find('\0')) + '\0';
}

std::optional<Report> ReportReader::take(std::string_view& bytes)
{
    while (!bytes.empty()) {
        if (field_ == 0) {
            report_ = Report{static_cast<unsigned char>(bytes.front()), 'Z', {}};
            bytes.remove_prefix(1);
            field_ = 1;
            continue;
        }
        if (field_ == 1 && bytes.front() != '\0') {
            report_.letter = bytes.front();
            bytes.remove_prefix(1);
            field_ = 2;
            continue;
        }
        if (field_ == 1) report_.letter = '\0';
        const auto end = bytes.find('\0');
        const auto piece = bytes.substr(0, end);
        if (report_.text.size() < longest_report)
            report_.text += piece.substr(0, longest_report - report_.text.size());
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
        if (end == std::string_view::npos) break;
        field_ = 0;
        return std::move(report_);
    }
    return std::nullopt;
}

}
