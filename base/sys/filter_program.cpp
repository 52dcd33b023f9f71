#include "base/sys/filter_program.hpp"

#include <linux/seccomp.h>

#include <bit>
#include <cstddef>
#include <stdexcept>
#include <utility>

namespace grapnel {

namespace {

using Program = std::vector<sock_filter>;

static_assert(std::endian::native == std::endian::little, "an argument's lower half comes first");

std::uint32_t place_of(unsigned argument)
{
    return static_cast<std::uint32_t>(offsetof(seccomp_data, args)) + 8 * argument;
}

sock_filter load(std::uint32_t place) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, place); }
sock_filter mask(std::uint32_t bits) { return BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits); }
sock_filter answer(std::uint32_t what) { return BPF_STMT(BPF_RET | BPF_K, what); }
sock_filter unless_equal(std::uint32_t value, std::size_t skipped)
{
    return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, static_cast<std::uint8_t>(skipped));
}
sock_filter from(std::uint32_t value, std::size_t skipped)
{
    return BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, value, static_cast<std::uint8_t>(skipped), 0);
}

// Calls from `first` up to the next leaf's, and what becomes of them.
struct Leaf {
    std::uint32_t first;
    Program answer;
};

void append(Program& program, const Program& more)
{
    program.insert(program.end(), more.begin(), more.end());
}

// The number is loaded.
Program search(std::span<const Leaf> leaves)
{
    if (leaves.size() == 1) return leaves.front().answer;
    const auto middle = leaves.size() / 2;
    const Program left = search(leaves.first(middle)), right = search(leaves.subspan(middle));
    if (left.size() > 255) throw std::length_error("too many system calls for a filter");
    Program program{from(leaves[middle].first, left.size())};
    append(program, left);
    append(program, right);
    return program;
}

Program where_either(const std::vector<std::vector<ArgumentIs>>& either, std::uint32_t otherwise)
{
    Program program;
    for (const auto& conditions : either) {
        std::size_t left = conditions.size();
        for (const auto& one : conditions) {
            --left;
            program.push_back(load(place_of(one.argument)));
            program.push_back(mask(one.mask));
            program.push_back(unless_equal(one.value, 3 * left + 1));   // to the next alternative
        }
        program.push_back(answer(SECCOMP_RET_ALLOW));
    }
    program.push_back(answer(otherwise));
    return program;
}

}

void CallSet::allow(std::span<const int> calls)
{
    for (const int call : calls) rules_[static_cast<std::uint32_t>(call)].always = true;
}

void CallSet::allow_if(int call, std::vector<ArgumentIs> conditions)
{
    rules_[static_cast<std::uint32_t>(call)].either.push_back(std::move(conditions));
}

void CallSet::refuse(int call, int error)
{
    rules_[static_cast<std::uint32_t>(call)].error = error;
}

std::vector<sock_filter> CallSet::program(std::uint32_t architecture, std::uint32_t otherwise) const
{
    std::vector<Leaf> leaves{{0, {answer(otherwise)}}};
    const auto begin_at = [&](std::uint32_t call, Program what) {
        const auto same = [](const Program& a, const Program& b) {
            return a.size() == 1 && b.size() == 1 && a[0].k == b[0].k;
        };
        if (leaves.back().first == call) leaves.pop_back();   // it would have begun here
        if (leaves.empty() || !same(leaves.back().answer, what))
            leaves.push_back({call, std::move(what)});
    };
    for (const auto& [call, rule] : rules_) {
        if (rule.always)
            begin_at(call, {answer(SECCOMP_RET_ALLOW)});
        else if (rule.error != 0)
            begin_at(call, {answer(SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(rule.error))});
        else
            begin_at(call, where_either(rule.either, otherwise));
        begin_at(call + 1, {answer(otherwise)});
    }
    Program program{load(offsetof(seccomp_data, arch)), unless_equal(architecture, 1),
                    BPF_STMT(BPF_JMP | BPF_JA, 1), answer(otherwise),
                    load(offsetof(seccomp_data, nr))};
    append(program, search(leaves));
    return program;
}

}
