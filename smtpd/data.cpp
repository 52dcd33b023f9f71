#include "smtpd/data.hpp"

#include "base/text.hpp"

#include <utility>

namespace grapnel::smtpd {

namespace {
constexpr std::size_t longest_kept = 40;   // "tls-required: no" with blanks
}

DataReader::Trouble DataReader::trouble() const
{
    if (bare_) return Trouble::bare;
    if (hops_ >= rules_.max_hops) return Trouble::looping;
    if (rules_.max_bytes > 0 && bytes_ > rules_.max_bytes) return Trouble::too_big;
    if (long_line_) return Trouble::line_too_long;
    return nul_ ? Trouble::nul_in_header : Trouble::none;
}

// Counts what a line of the message is; its LF is not part of piece.
void DataReader::look_at(std::string_view piece)
{
    line_length_ += piece.size();
    if (rules_.max_line > 0 && line_length_ + 2 > rules_.max_line) long_line_ = true;
    if (!in_header_) return;
    if (rules_.refuse_nul_in_header && piece.find('\0') != std::string_view::npos) nul_ = true;
    if (line_begin_.size() < longest_kept)
        line_begin_ += lower(piece.substr(0, longest_kept - line_begin_.size()));
}

void DataReader::store(std::string_view piece, std::string& stored)
{
    bytes_ += piece.size();
    if (trouble() == Trouble::none) stored += piece;
}

void DataReader::note_field()
{
    constexpr std::string_view tls = "tls-required:";
    if (line_begin_.starts_with("received") || line_begin_.starts_with("delivered")) ++hops_;
    if (line_begin_.starts_with(tls) &&
        trim(std::string_view(line_begin_).substr(tls.size())) == "no")
        needs_no_tls_ = true;
}

void DataReader::end_line(std::string& stored)
{
    if (in_header_) {
        note_field();
        if (line_length_ == 0) in_header_ = false;
        line_begin_.clear();
    }
    line_length_ = 0;
    store("\n", stored);
}

// behind_dot: the dot held back was no end after all, and is text (".CR x" keeps it, as in qmail).
void DataReader::bare_cr(bool behind_dot, std::string& stored)
{
    if (rules_.bare_cr == BareCr::refuse) bare_ = true;
    const bool blank = rules_.bare_cr == BareCr::blank;
    const std::string_view kept = behind_dot ? (blank ? ". " : ".\r") : (blank ? " " : "\r");
    look_at(kept);
    store(kept, stored);
}

void DataReader::bare_lf(std::string& stored)
{
    if (rules_.bare_lf == BareLf::line_end) return end_line(stored);
    bare_ = true;
    stopped_ = rules_.bare_lf == BareLf::stop;
}

// One octet where it matters what came before it. True: the message has ended or the session must.
bool DataReader::special(char c, std::string& stored)
{
    const Place before = place_;
    if (c == '\r') {
        if (before == Place::carriage_return || before == Place::dot_return)
            bare_cr(before == Place::dot_return, stored);
        place_ = before == Place::dot ? Place::dot_return : Place::carriage_return;
        return false;
    }
    if (c == '\n') {
        if (before == Place::dot_return) return ended_ = true;
        place_ = Place::text;
        if (before == Place::carriage_return) {
            end_line(stored);
            place_ = Place::line_start;
        } else {
            bare_lf(stored);
        }
        return stopped_;
    }
    if (before == Place::carriage_return || before == Place::dot_return)
        bare_cr(before == Place::dot_return, stored);
    if (c == '.' && before == Place::line_start && !rules_.chunks) {
        place_ = Place::dot;
        return false;
    }
    place_ = Place::text;
    look_at({&c, 1});
    store({&c, 1}, stored);
    return false;
}

// The usual: a line or a piece of one, up to a CR or LF that special() must judge. False: there is
// none. The window keeps it cheap where such octets abound.
bool DataReader::take_text(std::string_view& bytes, std::string& stored)
{
    const bool dot = bytes.front() == '.' && !rules_.chunks;
    if (place_ != Place::text && (place_ != Place::line_start || dot)) return false;
    constexpr std::size_t window = 1024;
    auto piece = bytes.substr(0, window);
    piece = piece.substr(0, piece.find('\r'));
    piece = piece.substr(0, piece.find('\n'));
    const auto after = bytes.substr(piece.size(), 2);
    if (!piece.empty()) {
        look_at(piece);
        store(piece, stored);
        place_ = Place::text;
        bytes.remove_prefix(piece.size());
    }
    if (after != "\r\n") return !piece.empty();
    bytes.remove_prefix(after.size());
    end_line(stored);
    place_ = Place::line_start;
    return true;
}

DataReader::State DataReader::take(std::string_view& bytes, std::string& stored)
{
    while (!bytes.empty() && !ended_ && !stopped_) {
        if (rules_.binary && !in_header_) {
            store(std::exchange(bytes, {}), stored);
            break;
        }
        if (take_text(bytes, stored)) continue;
        const char c = bytes.front();
        bytes.remove_prefix(1);
        if (special(c, stored)) break;
    }
    if (stopped_) return State::stopped;
    return ended_ ? State::ended : State::more;
}

// The last line may be one without an end.
void DataReader::end_chunks(std::string& stored)
{
    if (place_ == Place::carriage_return) bare_cr(false, stored);
    if (in_header_) note_field();
    place_ = Place::text;
}

}
