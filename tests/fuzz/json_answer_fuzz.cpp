// A scanner's answer in JSON.
#include "fuzz/answer_rules.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    grapnel::fuzz::check_answer(grapnel::hooks::Serialization::json,
                                {reinterpret_cast<const char*>(data), size});
    return 0;
}
