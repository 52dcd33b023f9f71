// While it lives, one more question is being asked: what strangers can make us ask is counted.
#pragma once

#include <cstddef>

namespace grapnel::smtpd {

class Asking {
public:
    explicit Asking(std::size_t& all) : all_(all) { ++all_; }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;
    ~Asking() { --all_; }

private:
    std::size_t& all_;
};

}
