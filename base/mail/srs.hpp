// The Sender Rewriting Scheme: the sender of a forwarded message becomes an address of ours, which
// finds back to him. SRS0 and SRS1 as Mail::SRS ("Guarded") and libsrs2 make and read them. Pure.
#pragma once

#include "base/result.hpp"

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel {

struct Srs {
    std::string domain;                 // what stands behind the @
    std::vector<std::string> secrets;   // the first one makes, all are believed
    unsigned max_age = 21;              // days
    std::size_t hash_length = 4, hash_min = 4;
    bool always = false;    // addresses at domain, too
    char separator = '=';   // behind SRS0 and SRS1: = + -
};

// The new sender. What has no @ and host, or is at our domain, stays as it is.
std::string srs_forward(const Srs& srs, std::string_view sender, std::time_t now);

// Whom an SRS address leads to. Failure, for good: it is none, or not of ours, or too old.
Result<std::string> srs_reverse(const Srs& srs, std::string_view address, std::time_t now);

}
