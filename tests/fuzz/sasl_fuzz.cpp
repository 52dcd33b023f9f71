// What a client says in the exchange of AUTH, whatever it is: each mechanism ends or asks again,
// and lets nobody in who has proved nothing.
#include "base/base64.hpp"
#include "base/text.hpp"
#include "smtpd/sasl/gs2.hpp"
#include "smtpd/sasl/mechanism.hpp"
#include "smtpd/sasl/prepare.hpp"
#include "smtpd/sasl/scram_keys.hpp"

#include <cstdint>
#include <cstdlib>

using namespace grapnel;
using namespace grapnel::sasl;

namespace {

void check(bool claim)
{
    if (!claim) std::abort();
}

Surroundings surroundings()
{
    static const auto keys = keys_of("never typed by a fuzzer", "0123456789abcdef", 4096);
    Surroundings around;
    around.passwords = around.tokens = true;
    around.certified = "joe@here.example";
    around.keys = [](std::string_view user) {
        return user == "joe" ? keys : invented_keys(user, "secret", 4096);
    };
    around.binding = [](std::string_view type) {
        return type == "tls-exporter" ? std::optional<std::string>("bytes") : std::nullopt;
    };
    return around;
}

// The first octet chooses the mechanism; LF ends each answer.
void converse(std::string_view wire)
{
    if (wire.empty()) return;
    const auto& all = all_mechanisms();
    const auto& name = all[static_cast<unsigned char>(wire[0]) % all.size()];
    wire.remove_prefix(1);
    const auto around = surroundings();
    const auto mechanism = make_mechanism(name, around, true);
    auto step = mechanism->begin();
    unsigned rounds = 0;
    for (const auto answer : split(wire, '\n')) {
        check(++rounds <= 4);
        step = mechanism->take(answer);
        if (step.kind == Step::Kind::check) {
            check(!step.user.empty() && step.user.size() <= longest_name && !step.secret.empty());
            check(step.user.find('\0') == std::string::npos);
            step = mechanism->judged(false, step.user);
        }
        check(step.kind != Step::Kind::done ||
              (name == "EXTERNAL" && step.user == around.certified));
        if (step.kind != Step::Kind::challenge) return;
    }
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    converse(bytes.substr(0, 4096));
    check(from_base64(to_base64(bytes)) == bytes);
    if (const auto decoded = from_base64(bytes)) check(to_base64(*decoded) == bytes);
    if (const auto keys = decode_keys(bytes)) check(decode_keys(encode(*keys)) == keys);
    auto rest = bytes;
    if (const auto header = take_gs2_header(rest))
        check(header->text.size() + rest.size() == bytes.size() && bytes.starts_with(header->text));
    if (const auto name = prepare_name(bytes))
        check(!name->empty() && name->size() <= longest_name);
    return 0;
}
