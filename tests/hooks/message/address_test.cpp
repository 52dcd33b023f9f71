// Addresses of header fields, read with tolerance and written strictly.
#include "hooks/message/address_form.hpp"
#include "hooks/message/messages.hpp"

#include <gtest/gtest.h>

using namespace grapnel;
using namespace grapnel::hooks;

namespace {

// name <email>, or email alone; groups as name:…;
std::string shown(std::string_view value)
{
    std::string text;
    for (const auto& group : parse_groups(value)) {
        if (group.name) text += '{' + *group.name + ':';
        for (const auto& [name, email] : group.mailboxes)
            text += '[' + (name ? *name : "-") + '|' + email + ']';
        if (group.name) text += '}';
    }
    return text;
}

}

TEST(Addresses, AreRead)
{
    struct Case {
        std::string in, out;
    };
    for (const auto& [in, out] : std::vector<Case>{
             {"a@b.example", "[-|a@b.example]"},
             {" <a@b.example> ", "[-|a@b.example]"},
             {"Ana <a@b.example>, b@c.example", "[Ana|a@b.example][-|b@c.example]"},
             {"Ana  Bee\n Cee <a@b.example>", "[Ana Bee Cee|a@b.example]"},
             {"\"Bee, Ana\" <a@b.example>", "[Bee, Ana|a@b.example]"},
             {"\"a \\\"q\\\" b\" <a@b.example>", "[a \"q\" b|a@b.example]"},
             {"a@b.example (Ana (Bee))", "[Ana (Bee)|a@b.example]"},
             {"Ana <a@b.example> (not this)", "[Ana|a@b.example]"},
             {"=?utf-8?q?Caf=C3=A9?= =?utf-8?q?_x?= <a@b.example>", "[Caf\xC3\xA9 x|a@b.example]"},
             {"\"=?utf-8?q?Caf=C3=A9?=\" <a@b.example>", "[Caf\xC3\xA9|a@b.example]"},
             {"a@b.example (=?utf-8?q?Caf=C3=A9?=)", "[Caf\xC3\xA9|a@b.example]"},
             {"J. R. Doe <j@d.example>", "[J. R. Doe|j@d.example]"},
             {"\"a b\"@c.example", "[-|\"a b\"@c.example]"},
             {"<\"a>b\"@c.example>", "[-|\"a>b\"@c.example]"},
             {"a@[127.0.0.1]", "[-|a@[127.0.0.1]]"},
             {"<@r1.example,@r2.example:a@b.example>", "[-|a@b.example]"},
             {"a @ b . example", "[-|a@b.example]"},
             {"<a (x) @ b.example>", "[-|a@b.example]"},
             {"Friends: a@b.example, Ana <c@d.example>; e@f.example",
              "{Friends:[-|a@b.example][Ana|c@d.example]}[-|e@f.example]"},
             {"x@y.example, G:;, z@y.example", "[-|x@y.example]{G:}[-|z@y.example]"},
             {"\"A: b\": c@d.example;", "{A: b:[-|c@d.example]}"},
             {"undisclosed-recipients:;", "{undisclosed-recipients:}"},
             {"a@b.example; c@d.example", "[-|a@b.example][-|c@d.example]"},
             {",, a@b.example,,", "[-|a@b.example]"},
             {"Ana Bee", "[-|Ana Bee]"},
             {"<>", "[-|]"},
             {"<<a@b.example>>", "[-|a@b.example]"},
             {"Ana <a@b.example", "[Ana|a@b.example]"},
             {"(never closed", ""},
             {"\"never closed", "[-|\"never closed]"},
             {"", ""},
             {"caf\xE9 <a@b.example>", "[caf\xEF\xBF\xBD|a@b.example]"},
             {"Jos\xC3\xA9 <jos\xC3\xA9@b.example>", "[Jos\xC3\xA9|jos\xC3\xA9@b.example]"},
         })
        EXPECT_EQ(shown(in), out) << in;
}

TEST(Addresses, AreTenThousandAtMost)
{
    std::string list;
    for (int n = 0; n < 20'000; ++n) list += "a@b.example,";
    EXPECT_EQ(parse_mailboxes(list).size(), 10'000U);
}

TEST(Addresses, WhatIsWrittenIsReadAgain)
{
    const std::vector<Mailbox> list{{"Ana", "a@b.example"},
                                    {"Bee, \"Ana\" \\", "b@c.example"},
                                    {std::nullopt, "c@d.example"},
                                    {"Caf\xC3\xA9 " + std::string(80, 'x'), "\"a b\"@d.example"},
                                    {"=?utf-8?q?x?=", "e@f.example"},
                                    {"a  b", "g@h.example"}};
    for (const bool smtputf8 : {false, true}) {
        const auto written = write_mailboxes(list, smtputf8, 6);
        ASSERT_TRUE(written);
        EXPECT_EQ(parse_mailboxes(*written), list) << *written;
    }
    EXPECT_EQ(*write_mailboxes({{"Ana", "a@b.example"}, {std::nullopt, "c@d.example"}}, false, 6),
              "\"Ana\" <a@b.example>,\n c@d.example");
}

TEST(Addresses, WhatIsNoneIsNotWritten)
{
    for (const auto& [name, email] : std::vector<Mailbox>{{"a", "b"},
                                                          {"a", ""},
                                                          {"a", "a@b\r\nc"},
                                                          {"a\nb", "a@b.example"},
                                                          {"a", "<a@b.example>"},
                                                          {"a", "@r.example:a@b.example"},
                                                          {"a", "jos\xC3\xA9@b.example"},
                                                          {"a\xFF", "a@b.example"}})
        EXPECT_FALSE(write_mailboxes({{name, email}}, false, 6)) << email;
    EXPECT_TRUE(write_mailboxes({{"a", "jos\xC3\xA9@b.example"}}, true, 6));
}
