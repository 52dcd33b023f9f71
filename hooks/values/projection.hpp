// As much of a tree as was negotiated (C27): a pointer into an object keeps that branch inside bare
// parents, one that goes on below an array of objects keeps it of each element.
#pragma once

#include "hooks/values/pointer.hpp"

#include <boost/json/value.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace grapnel::hooks {

// What is wanted of one value.
class Wanted {
public:
    Wanted() = default;
    explicit Wanted(const std::vector<Pointer>& pointers);

    void add(const Pointer& pointer);
    bool nothing() const { return !all_ && members_.empty(); }
    Wanted of(std::string_view name) const;   // nothing where it is not wanted
    // The names of wanted members as pointers, after "" where all is wanted.
    std::vector<Pointer> members() const;

    // nullopt: a scalar of which parts are wanted. null stays.
    std::optional<boost::json::value> take(boost::json::value whole) const;

private:
    bool all_ = false;
    std::map<std::string, Wanted, std::less<>> members_;
};

}
