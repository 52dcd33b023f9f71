// Values to and from CBOR maps, member by member, by their names. A member that is not there has
// its default; a name that is not known is skipped: programs of different editions may meet.
#pragma once

#include "hooks/decision.hpp"
#include "hooks/facts.hpp"
#include "hooks/may_add.hpp"
#include "hooks/wire/wire_cbor.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel::hooks::wire {

inline constexpr std::size_t most_recipients = 50'000, most_parameters = 256;

template <class Owner, class Value>
struct Field {
    const char* name;
    Value Owner::*place;
};
template <class Owner, class Value>
Field(const char*, Value Owner::*) -> Field<Owner, Value>;

template <class T>
inline constexpr auto fields = nullptr;   // of a struct: a tuple of Field
template <>
inline constexpr auto fields<Response> =
    std::tuple{Field{"code", &Response::code}, Field{"enhanced", &Response::enhanced},
               Field{"message", &Response::message}};
template <>
inline constexpr auto fields<DeliveryFacts> = std::tuple{
    Field{"status", &DeliveryFacts::status},        Field{"attempt", &DeliveryFacts::attempt},
    Field{"last", &DeliveryFacts::last_response},   Field{"next", &DeliveryFacts::next_attempt_at},
    Field{"next-dsn", &DeliveryFacts::next_dsn_at}, Field{"queue", &DeliveryFacts::queue_name},
};
template <>
inline constexpr auto fields<Sender> =
    std::tuple{Field{"address", &Sender::address}, Field{"parameters", &Sender::parameters}};
template <>
inline constexpr auto fields<Recipient> =
    std::tuple{Field{"address", &Recipient::address}, Field{"parameters", &Recipient::parameters},
               Field{"delivery", &Recipient::delivery}};
template <>
inline constexpr auto fields<EnvelopeFacts> =
    std::tuple{Field{"from", &EnvelopeFacts::from}, Field{"to", &EnvelopeFacts::to}};
template <>
inline constexpr auto fields<ServerFacts> =
    std::tuple{Field{"name", &ServerFacts::name}, Field{"ip", &ServerFacts::ip},
               Field{"port", &ServerFacts::port}};
template <>
inline constexpr auto fields<ClientFacts> = std::tuple{
    Field{"ip", &ClientFacts::ip},
    Field{"port", &ClientFacts::port},
    Field{"ptr", &ClientFacts::ptr},
    Field{"ehlo", &ClientFacts::ehlo},
    Field{"connections", &ClientFacts::active_connections},
};
template <>
inline constexpr auto fields<TlsFacts> = std::tuple{
    Field{"version", &TlsFacts::version},      Field{"cipher", &TlsFacts::cipher},
    Field{"bits", &TlsFacts::cipher_bits},     Field{"issuer", &TlsFacts::cert_issuer},
    Field{"subject", &TlsFacts::cert_subject},
};
template <>
inline constexpr auto fields<AuthFacts> =
    std::tuple{Field{"login", &AuthFacts::login}, Field{"method", &AuthFacts::method}};
template <>
inline constexpr auto fields<SenderAuthFacts> = std::tuple{
    Field{"spf-ehlo", &SenderAuthFacts::spf_ehlo}, Field{"spf-mail", &SenderAuthFacts::spf_mail},
    Field{"dkim", &SenderAuthFacts::dkim},         Field{"arc", &SenderAuthFacts::arc},
    Field{"dmarc", &SenderAuthFacts::dmarc},
};
template <>
inline constexpr auto fields<QueueFacts> =
    std::tuple{Field{"id", &QueueFacts::id}, Field{"expires", &QueueFacts::expires_at},
               Field{"attempts", &QueueFacts::attempts}};
template <>
inline constexpr auto fields<Facts> = std::tuple{
    Field{"stage", &Facts::stage},
    Field{"action", &Facts::action},
    Field{"timestamp", &Facts::timestamp},
    Field{"response", &Facts::response},
    Field{"envelope", &Facts::envelope},
    Field{"queue", &Facts::queue},
    Field{"server", &Facts::server},
    Field{"client", &Facts::client},
    Field{"tls", &Facts::tls},
    Field{"auth", &Facts::auth},
    Field{"sender-auth", &Facts::sender_auth},
    Field{"smtputf8", &Facts::smtputf8},
    Field{"may-relay", &Facts::may_relay},
    Field{"limit", &Facts::message_limit},
    Field{"recipient-limit", &Facts::recipient_limit},
};
template <>
inline constexpr auto fields<RecipientChange> = std::tuple{
    Field{"index", &RecipientChange::index},
    Field{"status", &RecipientChange::status},
    Field{"next", &RecipientChange::next_attempt_at},
    Field{"next-dsn", &RecipientChange::next_dsn_at},
};
template <>
inline constexpr auto fields<Decision> = std::tuple{
    // its message goes beside it
    Field{"action", &Decision::action},
    Field{"response", &Decision::response},
    Field{"from", &Decision::from},
    Field{"to", &Decision::to},
    Field{"size", &Decision::size},
    Field{"recipients", &Decision::recipients},
    Field{"suppressed", &Decision::suppressed},
    Field{"ask-again", &Decision::ask_again},
    Field{"scanner", &Decision::scanner},
    Field{"reason", &Decision::reason},
};

inline void write(CborWriter& out, bool value) { out.boolean(value); }
inline void write(CborWriter& out, int value) { out.number(std::int64_t{value}); }
inline void write(CborWriter& out, std::int64_t value) { out.number(value); }
inline void write(CborWriter& out, std::uint64_t value) { out.number(value); }
inline void write(CborWriter& out, std::uint16_t value) { out.number(std::uint64_t{value}); }
inline void write(CborWriter& out, const std::string& value) { out.bytes(value); }
inline void write(CborWriter& out, Stage value) { out.text(name(value)); }
inline void write(CborWriter& out, Action value) { out.text(name(value)); }
inline void write(CborWriter& out, DeliveryStatus value) { out.text(name(value)); }

template <class Number, class Wide>
void narrow(CborReader& in, Wide wide, Number& value)
{
    value = static_cast<Number>(wide);
    if (static_cast<Wide>(value) != wide) in.fail();
}
template <class Value>
void named(CborReader& in, std::optional<Value> found, Value& value)
{
    if (!found) return in.fail();
    value = *found;
}

inline void write(CborWriter& out, MayAdd value) { out.text(name(value)); }

inline void read(CborReader& in, bool& value) { value = in.boolean(); }
inline void read(CborReader& in, int& value) { narrow(in, in.signed_number(), value); }
inline void read(CborReader& in, std::int64_t& value) { value = in.signed_number(); }
inline void read(CborReader& in, std::uint64_t& value) { value = in.number(); }
inline void read(CborReader& in, std::uint16_t& value) { narrow(in, in.number(), value); }
inline void read(CborReader& in, std::string& value) { value = in.bytes(); }
inline void read(CborReader& in, Stage& value) { named(in, stage_named(in.text()), value); }
inline void read(CborReader& in, Action& value) { named(in, action_named(in.text()), value); }
inline void read(CborReader& in, DeliveryStatus& value)
{
    named(in, delivery_status_named(in.text()), value);
}
inline void read(CborReader& in, MayAdd& value) { named(in, may_add_named(in.text()), value); }

inline void write(CborWriter& out, const std::pair<std::string, std::string>& value)
{
    out.array(2);
    out.bytes(value.first);
    out.bytes(value.second);
}
inline void read(CborReader& in, std::pair<std::string, std::string>& value)
{
    if (in.array(2) != 2) return in.fail();
    value.first = in.bytes();
    value.second = in.bytes();
}

// Named before the first of them calls another.
template <class T>
requires std::is_class_v<T>
void write(CborWriter& out, const T& value);
template <class T>
requires std::is_class_v<T>
void read(CborReader& in, T& value);
template <class T>
void write(CborWriter& out, const std::vector<T>& values);
template <class T>
void read(CborReader& in, std::vector<T>& values);

template <class T>
void write(CborWriter& out, const std::optional<T>& value)
{
    if (!value) return out.null();
    write(out, *value);
}
template <class T>
void read(CborReader& in, std::optional<T>& value)
{
    value.reset();
    if (!in.take_null()) read(in, value.emplace());
}

template <class T>
void write(CborWriter& out, const std::vector<T>& values)
{
    out.array(values.size());
    for (const auto& value : values) write(out, value);
}
template <class T>
void read(CborReader& in, std::vector<T>& values)
{
    constexpr bool is_parameter = std::is_same_v<T, std::pair<std::string, std::string>>;
    const std::size_t size = in.array(is_parameter ? most_parameters : most_recipients);
    values.clear();
    for (std::size_t n = 0; n < size && !in.failed(); ++n) read(in, values.emplace_back());
}

// What the reader has anyway is not written.
template <class T>
bool says_something(const T&)
{
    return true;
}
template <class T>
bool says_something(const std::optional<T>& value)
{
    return value.has_value();
}
template <class T>
bool says_something(const std::vector<T>& values)
{
    return !values.empty();
}
inline bool says_something(const std::string& value) { return !value.empty(); }
inline bool says_something(bool value) { return value; }

template <class T>
requires std::is_class_v<T>
void write(CborWriter& out, const T& value)
{
    std::apply(
        [&](const auto&... field) {
            out.map((std::size_t{0} + ... +
                     static_cast<std::size_t>(says_something(value.*field.place))));
            [[maybe_unused]] const auto put = [&](const auto& one) {
                if (!says_something(value.*one.place)) return;
                out.text(one.name);
                write(out, value.*one.place);
            };
            (put(field), ...);
        },
        fields<T>);
}

template <class T>
requires std::is_class_v<T>
void read(CborReader& in, T& value)
{
    for (std::size_t left = in.map(); left > 0 && !in.failed(); --left) {
        [[maybe_unused]] const auto key = in.text();
        const bool known = std::apply(
            [&](const auto&... field) {
                return ((key == field.name && (read(in, value.*field.place), true)) || ...);
            },
            fields<T>);
        if (!known) in.skip();
    }
}

}
