#include "inject/completion.hpp"

#include <gtest/gtest.h>

using namespace grapnel::inject;

namespace {

std::string complete(std::string_view text)
{
    static const auto completion =
        Completion::make({"dh", "dd.example", "pd.example", "id"}).value();
    auto tokens = tokenize(text).value();
    completion.complete(tokens);
    return plain(tokens);
}

}

TEST(Completion, AddsHostAndDomain)
{
    const std::pair<const char*, const char*> rows[] = {
        {"joe", "joe@dh.dd.example"},
        {"joe@a", "joe@a.dd.example"},
        {"joe@a.b", "joe@a.b"},
        {"joe@a+", "joe@a.pd.example"},
        {"joe@a.b+", "joe@a.b.pd.example"},
        {"joe+", "joe+@dh.dd.example"},
        {"joe@[10.0.0.1]", "joe@[10.0.0.1]"},
        {"joe@[]", "joe@[]"},
        {"a@b@c", "a@b@c.dd.example"},
        {"j.d", "j.d@dh.dd.example"},
        {"", ""},
    };
    for (const auto& [text, completed] : rows) EXPECT_EQ(complete(text), completed) << text;
}

TEST(Completion, DropsRoutesAndTrailingSigns)
{
    const std::pair<const char*, const char*> rows[] = {
        {"@r.example,@s:joe@a.b", "joe@a.b"},
        {"@r.example", ""},
        {"@", ""},
        {".", ""},
        {"joe@a.b.", "joe@a.b"},
        {"joe@", "joe@dh.dd.example"},
        {"@a:.", ""},
    };
    for (const auto& [text, completed] : rows) EXPECT_EQ(complete(text), completed) << text;
}

TEST(Completion, RefusesDomainsThatAreNone)
{
    EXPECT_FALSE(Completion::make({"a", "(b", "c", "d"}));
    EXPECT_TRUE(Completion::make({"", "", "", ""}));
}
