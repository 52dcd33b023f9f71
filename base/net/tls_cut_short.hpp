// A handshake that failed because the peer left: another try may end otherwise.
#pragma once

#include "base/net/tls_layer.hpp"

namespace grapnel::net {

struct TlsCutShort : TlsFailed {
    using TlsFailed::TlsFailed;
};

}
