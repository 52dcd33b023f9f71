// Whatever a program says in qmail-remote's place: read or refused, and a digest is always there.
#include "remote/report.hpp"

#include <cstdint>
#include <cstdlib>

using namespace grapnel::remote;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto short_form = digest(bytes);
    if (std::string_view("KZD").find(short_form.letter) == std::string_view::npos) std::abort();
    if (short_form.text.find('\0') != std::string::npos || short_form.text.size() > size)
        std::abort();
    if (const auto report = decode_report(bytes)) {
        const auto wire = encode(*report);
        if (!bytes.starts_with(wire) || decode_report(wire).value() != *report) std::abort();
    }
    return 0;
}
