#include "hooks/message/messages.hpp"

#include "base/sys/file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace grapnel::test {

using namespace hooks;
namespace json = boost::json;

namespace {

Operation operation(OperationKind kind, std::string_view path, json::value value = {})
{
    Operation made;
    made.kind = kind;
    made.path = Pointer::parse(path).value();
    made.value = std::move(value);
    return made;
}

const std::vector<Sample> ours{
    {"nothing", ""},
    {"one line", "Subject: x"},
    {"header only", "Subject: x\nTo: a@b.example\n"},
    {"body only", "\nbody\n"},
    {"no separator", "Subject: x\nthis is no field\nmore\n"},
    {"no field at all", "this is no field\nSubject: x\n"},
    {"mailbox line", "From joe@example.org Mon Sep  7 10:00:00 2026\nSubject: x\n\nbody\n"},
    {"parts",
     "Subject: =?utf-8?q?caf=C3=A9?=\nMIME-Version: 1.0\nContent-Type: multipart/mixed; "
     "boundary=\"b\"\n\npreamble\n--b\n\nfirst\n--b\nContent-Type: text/html; charset=iso-8859-1\n"
     "Content-Transfer-Encoding: quoted-printable\n\n<p>caf=E9</p>=\n\n--b\n"
     "Content-Type: image/png; name=x.png\nContent-Transfer-Encoding: base64\n\niVBORw0K\n--b--\n"
     "epilogue\n"},
};

}

std::string contents(int descriptor) { return read_all(descriptor, 64U << 20U); }

std::string crlf_of(const Message& message)
{
    Message::Reader reader(message);
    std::string text;
    char room[4093];
    while (const auto n = reader.read(room, sizeof room)) text.append(room, n);
    return text;
}

std::string lf_of(const Message& message)
{
    const Fd written = message.write(testing::TempDir());
    return contents(written.get());
}

json::object all_of(const Message& message) { return message.properties({Pointer()}); }

json::value property(const Message& message, std::string_view member)
{
    auto object = message.properties({Pointer::parse('/' + std::string(member)).value()});
    EXPECT_LE(object.size(), 1U) << member;
    return object.empty() ? json::value("absent") : object.begin()->value();
}

json::value part(const Message& message, std::string_view path)
{
    const auto structure = property(message, "bodyStructure");
    return structure.at_pointer(path);
}

Operation set(std::string_view path, json::value value)
{
    return operation(OperationKind::set, path, std::move(value));
}

Operation add(std::string_view path, json::value value)
{
    return operation(OperationKind::add, path, std::move(value));
}

Operation add_at(std::uint64_t index, std::string_view path, json::value value)
{
    auto made = add(path, std::move(value));
    made.index = index;
    return made;
}

Operation delete_at(std::string_view path) { return operation(OperationKind::remove, path); }

std::string apply(Message& message, const Operation& operation, const MessageRules& rules)
{
    const auto done = message.apply(operation, rules);
    return done ? std::string() : done.error().text;
}

std::string edited(const std::string& text, const Operation& operation, const MessageRules& rules)
{
    Message message(text);
    const auto why = test::apply(message, operation, rules);
    const auto now = lf_of(message);
    EXPECT_EQ(message.changed(), now != text);
    EXPECT_EQ(message.size(), crlf_of(message).size());
    if (why.empty()) return now;
    EXPECT_EQ(now, text);
    return '!' + why;
}

std::vector<Sample> samples()
{
    auto all = ours;
    std::error_code none;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(CORPUS, none)) {
        if (entry.path().extension() != ".eml") continue;
        auto text = read_file(entry.path(), 16U << 20U);
        // As a queue holds it.
        for (auto at = text.find("\r\n"); at != std::string::npos; at = text.find("\r\n", at))
            text.erase(at, 1);
        all.push_back({entry.path().parent_path().filename() / entry.path().filename(), text});
    }
    std::sort(all.begin() + static_cast<std::ptrdiff_t>(ours.size()), all.end(),
              [](const Sample& a, const Sample& b) { return a.name < b.name; });
    return all;
}

}
