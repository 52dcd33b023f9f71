#include "base/net/openssl.hpp"

#include <climits>

namespace grapnel::net::openssl {

std::string take_errors()
{
    const auto code = ERR_get_error();
    ERR_clear_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason ? reason : "unknown";
}

Bio memory_of(std::string_view bytes)
{
    const auto size = static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX));
    return Bio(BIO_new_mem_buf(bytes.data(), size));
}

}
