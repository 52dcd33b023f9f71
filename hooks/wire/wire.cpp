#include "hooks/wire/wire.hpp"

#include "hooks/wire/wire_fields.hpp"

#include <array>
#include <utility>

namespace grapnel::hooks::wire {

template <>
inline constexpr auto fields<Request> =
    std::tuple{Field{"facts", &Request::facts}, Field{"message", &Request::with_message},
               Field{"only", &Request::only}, Field{"following", &Request::following}};
template <>
inline constexpr auto fields<Question> = std::tuple{Field{"address", &Question::address}};
template <>
inline constexpr auto fields<QuestionAnswered> =
    std::tuple{Field{"answer", &QuestionAnswered::answer}};
template <>
inline constexpr auto fields<Decided> =
    std::tuple{Field{"decision", &Decided::decision}, Field{"message", &Decided::with_message}};
template <>
inline constexpr auto fields<Reload> = std::tuple{};
template <>
inline constexpr auto fields<StatusWanted> = std::tuple{};
template <>
inline constexpr auto fields<Report> = std::tuple{Field{"json", &Report::json}};
template <>
inline constexpr auto fields<Refused> = std::tuple{Field{"why", &Refused::why}};

namespace {

constexpr std::size_t head_size = 4;

// In the order of Saying.
constexpr std::array<std::string_view, 8> kinds{"request", "question", "answer", "decision",
                                                "reload",  "status",   "report", "refused"};
static_assert(kinds.size() == std::variant_size_v<Saying>);

template <class Value>
std::string frame(std::string_view kind, const Value& value)
{
    CborWriter out;
    out.array(2);
    out.text(kind);
    write(out, value);
    const std::string payload = out.take();
    std::string head;
    for (const unsigned shift : {24u, 16u, 8u, 0u})
        head += static_cast<char>(payload.size() >> shift & 255u);
    return head + payload;
}

template <std::size_t n = 0>
std::optional<Saying> read_kind(std::string_view kind, CborReader& in)
{
    if constexpr (n == kinds.size()) {
        return std::nullopt;
    } else {
        if (kind != kinds[n]) return read_kind<n + 1>(kind, in);
        std::variant_alternative_t<n, Saying> value;
        read(in, value);
        return Saying(std::in_place_index<n>, std::move(value));
    }
}

}

std::string encode(const Request& request) { return frame(kinds[0], request); }
std::string encode(const Question& question) { return frame(kinds[1], question); }
std::string encode(const QuestionAnswered& answer) { return frame(kinds[2], answer); }
std::string encode(const Decided& decided) { return frame(kinds[3], decided); }
std::string encode(const Reload& reload) { return frame(kinds[4], reload); }
std::string encode(const StatusWanted& wanted) { return frame(kinds[5], wanted); }
std::string encode(const Report& report) { return frame(kinds[6], report); }
std::string encode(const Refused& refused) { return frame(kinds[7], refused); }

Result<Saying> decode(std::string_view bytes)
{
    CborReader in(bytes);
    const auto size = in.array(2);
    const std::string kind(in.text());
    auto saying = read_kind(kind, in);
    if (in.failed() || size != 2 || !saying || !in.at_end())
        return temporary("a frame makes no sense");
    return std::move(*saying);
}

std::optional<std::size_t> FrameBuffer::length() const
{
    if (bytes_.size() < head_size) return std::nullopt;
    std::size_t payload = 0;
    for (std::size_t n = 0; n < head_size; ++n)
        payload = payload << 8 | static_cast<unsigned char>(bytes_[n]);
    return payload + head_size;
}

bool FrameBuffer::is_too_long() const
{
    const auto whole = length();
    return whole && *whole > limit_ + head_size;
}

std::size_t FrameBuffer::add(std::string_view bytes)
{
    std::size_t taken = 0;
    while (taken < bytes.size() && !is_too_long()) {
        const std::size_t wanted = length().value_or(head_size) - bytes_.size();
        if (wanted == 0) break;
        const auto piece = bytes.substr(taken, wanted);
        bytes_ += piece;
        taken += piece.size();
    }
    return taken;
}

std::optional<std::string> FrameBuffer::take()
{
    if (is_too_long() || length() != bytes_.size()) return std::nullopt;
    std::string frame = std::exchange(bytes_, {});
    frame.erase(0, head_size);
    return frame;
}

}
