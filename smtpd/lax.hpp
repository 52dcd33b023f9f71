// The words of control/lax (and of the variable LAX): each brings back one thing that classic
// qmail's dialogue does and the standards do not. Pure.
#pragma once

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::smtpd {

enum class Lax {
    nohelo,
    barehelo,
    remail,
    laxpath,
    nodomain,
    controls,
    params,
    openrelay,
    lateuser,
    barelf451,
    barelffix,
    barecr,
    barelfcmd,
    received,
    nolimits,
    expn502,
    qmail,   // all but barelffix and lateuser: the dialogue of qmail-1.03, reply by reply
};

class LaxWords {
public:
    bool operator[](Lax word) const { return set_[static_cast<std::size_t>(word)]; }
    void add(Lax word) { set_.set(static_cast<std::size_t>(word)); }

    // unknown gets the words that are none. from_environment: "barelfcmd" counts only there.
    static LaxWords parse(const std::vector<std::string>& words, bool from_environment,
                          std::vector<std::string>* unknown = nullptr);

private:
    std::bitset<static_cast<std::size_t>(Lax::qmail) + 1> set_;
};

}
