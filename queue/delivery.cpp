#include "queue/delivery.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace grapnel::queue {

namespace {

constexpr std::size_t longest_field = 65536;
constexpr std::size_t longest_number = 10;   // "123456789:"
constexpr std::string_view asked = "?", language = "spawn/1",
                           limit_word = "limit=", records_word = "records";

std::string number_bytes(unsigned number)
{
    if (number <= question_number) return std::string(1, static_cast<char>(number));
    return static_cast<char>(question_number) + std::to_string(number) + ':';
}

// Text that followed the byte 255.
void take_wide_number(unsigned& number, std::string& text)
{
    const auto end = text.find(':');
    if (end >= longest_number) return;
    const auto wide = parse_number<unsigned>(std::string_view(text).substr(0, end));
    if (!wide || *wide <= question_number) return;
    number = *wide;
    text.erase(0, end + 1);
}

}

std::string encode(const Job& job)
{
    return number_bytes(job.number) + job.message + '\0' + job.sender + '\0' + job.recipient +
           '\0' + (job.records ? *job.records + '\0' : std::string());
}

std::optional<Job> JobReader::take(std::string_view& bytes)
{
    while (!bytes.empty() && !broken_) {
        if (field_ == 0) {
            job_ = Job{static_cast<unsigned char>(bytes.front()), {}, {}, {}, {}};
            if (fields_ > 4) job_.records.emplace();
            bytes.remove_prefix(1);
            field_ = 1;
            continue;
        }
        auto& text = field_ == 1   ? job_.message
                     : field_ == 2 ? job_.sender
                     : field_ == 3 ? job_.recipient
                                   : *job_.records;
        const auto end = bytes.find('\0');
        text += bytes.substr(0, end);
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
        broken_ = text.size() > longest_field;
        if (end == std::string_view::npos) break;
        if (++field_ < fields_) continue;
        field_ = 0;
        if (job_.number == question_number) take_wide_number(job_.number, job_.message);
        return std::move(job_);
    }
    return std::nullopt;
}

std::string encode(const Report& report)
{
    const auto bytes = number_bytes(report.number);
    if (report.letter == '\0') return bytes + '\0';   // a report that is only its end
    return bytes + report.letter + report.text.substr(0, report.text.find('\0')) + '\0';
}

std::optional<Report> ReportReader::take(std::string_view& bytes)
{
    while (!bytes.empty()) {
        if (!within_) {
            number_ = static_cast<unsigned char>(bytes.front());
            bytes.remove_prefix(1);
            body_.clear();
            within_ = true;
            continue;
        }
        constexpr auto room = longest_number + 1 + longest_report;
        const auto end = bytes.find('\0');
        body_ += bytes.substr(0, std::min(end, room - std::min(room, body_.size())));
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
        if (end == std::string_view::npos) break;
        within_ = false;
        if (number_ == question_number) take_wide_number(number_, body_);
        if (body_.empty()) return Report{number_, '\0', {}};
        return Report{number_, body_.front(), body_.substr(1, longest_report)};
    }
    return std::nullopt;
}

Job question()
{
    return {
        question_number, std::string(asked), std::string(language), std::string(records_word), {}};
}

bool offers_records(const Job& question) { return question.recipient == records_word; }

bool is_question(const Job& job)
{
    return job.number == question_number && job.message == asked && job.sender == language;
}

Report encode(const Offer& offer)
{
    return {question_number, 'K',
            std::string(language) + ' ' + std::string(limit_word) + std::to_string(offer.limit) +
                (offer.records ? ' ' + std::string(records_word) : std::string())};
}

std::optional<Offer> decode_offer(const Report& answer)
{
    if (answer.number != question_number || answer.letter != 'K') return std::nullopt;
    const auto words = split(answer.text, ' ');
    if (words.front() != language) return std::nullopt;
    Offer offer;
    for (const auto word : words) {
        if (word == records_word) offer.records = true;
        if (word.starts_with(limit_word) && offer.limit == 0)
            offer.limit = parse_number<unsigned>(word.substr(limit_word.size())).value_or(0);
    }
    return offer.limit > 0 ? std::optional(offer) : std::nullopt;
}

}
