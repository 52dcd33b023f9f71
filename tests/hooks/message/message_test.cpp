// What goes in comes out, in both line ends, from memory and from files; what it says of itself.
#include "hooks/message/message.hpp"

#include "base/sys/file.hpp"
#include "hooks/message/lines.hpp"
#include "hooks/message/messages.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <system_error>

using namespace grapnel;
using namespace grapnel::hooks;
using namespace grapnel::test;
namespace json = boost::json;

namespace {

std::string big_text()
{
    std::string text = "Subject: big\n\n";
    while (text.size() < (1U << 20U)) text += "a line of no interest at all\n";
    return text;
}

Fd file_with(const std::string& text)
{
    Fd file(::memfd_create("test", MFD_CLOEXEC));
    write_all(file.get(), text);
    return file;
}

}

TEST(Message, EverySampleComesOutAsItWentIn)
{
    for (const auto& [name, text] : samples()) {
        const Message message(text);
        EXPECT_EQ(lf_of(message), text) << name;
        EXPECT_EQ(crlf_of(message), crlf(text)) << name;
        EXPECT_EQ(message.size(), crlf(text).size()) << name;
        EXPECT_FALSE(message.changed()) << name;
    }
}

TEST(Message, EverySampleHasProperties)
{
    for (const auto& [name, text] : samples()) {
        const Message message(text);
        const auto all = all_of(message);
        for (const auto* member :
             {"size",      "headers",     "from",       "sender",        "replyTo",
              "to",        "cc",          "bcc",        "subject",       "messageId",
              "inReplyTo", "references",  "sentAt",     "bodyStructure", "textBody",
              "htmlBody",  "attachments", "bodyValues", "hasAttachment", "preview"})
            EXPECT_TRUE(all.contains(member)) << name << ' ' << member;
        EXPECT_EQ(all.size(), 20U) << name;
        EXPECT_EQ(all.at("size").to_number<std::size_t>(), message.size()) << name;
        EXPECT_EQ(lf_of(message), text) << name;
    }
}

TEST(Message, TheReaderFillsAnyRoom)
{
    const Message message("A: 1\nB: 2\n\none\n\n\ntwo");
    for (std::size_t room = 1; room < 30; ++room) {
        Message::Reader reader(message);
        std::string text, piece(room, '\0');
        while (const auto n = reader.read(piece.data(), room)) {
            if (text.size() + room <= message.size()) { EXPECT_EQ(n, room); }
            text.append(piece, 0, n);
        }
        EXPECT_EQ(text, "A: 1\r\nB: 2\r\n\r\none\r\n\r\n\r\ntwo") << room;
    }
}

TEST(Message, IsReadFromItsBeginningWhereverTheDescriptorStands)
{
    for (const auto& text : {std::string("Subject: small\n\nx\n"), big_text(), std::string()}) {
        const Fd file = file_with(text);
        EXPECT_EQ(lf_of(Message(file.get())), text);
    }
}

TEST(Message, ADescriptorThatCannotBeReadIsSaid)
{
    EXPECT_THROW(Message(-1), std::system_error);
    const Fd unreadable(::open(testing::TempDir().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    EXPECT_THROW(Message(unreadable.get()), std::system_error);
}

TEST(Message, WhatIsSmallIsWrittenSealed)
{
    const Fd written = Message("Subject: small\n\nx\n").write("/nowhere");
    const int seals = ::fcntl(written.get(), F_GET_SEALS);
    EXPECT_EQ(seals & (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK),
              F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK);
    EXPECT_EQ(::write(written.get(), "x", 1), -1);
    EXPECT_EQ(contents(written.get()), "Subject: small\n\nx\n");
}

TEST(Message, WhatIsLargeIsWrittenToAFileWithoutAName)
{
    const auto text = big_text();
    const Fd written = Message(text).write(testing::TempDir());
    EXPECT_EQ(status(written.get()).st_nlink, 0U);
    EXPECT_EQ(status(written.get()).st_mode & 0777U, 0600U);
    EXPECT_EQ(::fcntl(written.get(), F_GETFL) & O_ACCMODE, O_RDONLY);
    EXPECT_EQ(contents(written.get()), text);
    EXPECT_THROW(Message(text).write("/nowhere"), std::system_error);
}

TEST(Message, ACopyIsIndependent)
{
    Message message("Subject: one\n\nx\n");
    Message copy = message;
    EXPECT_EQ(apply(copy, set("/message/subject", "two")), "");
    EXPECT_EQ(lf_of(message), "Subject: one\n\nx\n");
    EXPECT_EQ(lf_of(copy), "Subject: two\n\nx\n");
    EXPECT_TRUE(copy.changed());
    EXPECT_FALSE(message.changed());
}

TEST(Message, AReaderReadsWhatWasThereWhenItWasMade)
{
    Message message("Subject: one\n\nx\n");
    Message::Reader reader(message);
    EXPECT_EQ(apply(message, set("/message/subject", "two")), "");
    char room[64];
    EXPECT_EQ(std::string(room, reader.read(room, sizeof room)), "Subject: one\r\n\r\nx\r\n");
}

TEST(Message, BareCarriageReturnsOfLocalMailStay)
{
    const Message message("Subject: x\n\na\rb\r\n");
    EXPECT_EQ(crlf_of(message), "Subject: x\r\n\r\na\rb\r\r\n");
    EXPECT_EQ(lf_of(message), "Subject: x\n\na\rb\r\n");
}

TEST(Message, OnlyWantedMembersAreThere)
{
    const Message message("Subject: x\nX-A: 1\nX-A: 2\n\nbody\n");
    const auto some = message.properties({*Pointer::parse("/subject"), *Pointer::parse("/size"),
                                          *Pointer::parse("/unknown"), *Pointer::parse("/id")});
    EXPECT_EQ(json::serialize(some), R"({"subject":"x","size":36})");
    EXPECT_TRUE(message.properties({}).empty());
}

// BODY=BINARYMIME: its lines end in CR LF already, and not all of it is lines.
TEST(Message, ABinaryBodyIsShownAndKeptOctetForOctet)
{
    std::string octets;
    for (int octet = 0; octet < 256; ++octet) octets += static_cast<char>(octet);
    octets += "\n\r\r\n.\n --b";
    const std::string body = "--b\r\nContent-Type: text/plain\r\n\r\none\r\ntwo\r\n--b\r\n"
                             "Content-Type: application/octet-stream;\r\n name=x\r\n"
                             "Content-Transfer-Encoding: binary\r\n\r\n" +
                             octets + "\r\n--b--\r\n";
    const std::string header = "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n";
    Message message(header + body, true);
    EXPECT_EQ(crlf_of(message), crlf(header) + body);
    EXPECT_EQ(message.size(), crlf(header).size() + body.size());
    EXPECT_EQ(lf_of(message), header + body);
    EXPECT_EQ(message.body_texts(), std::vector<std::string>{"one\ntwo"});
    const auto shown = json::serialize(message.properties({*Pointer::parse("/bodyStructure")}));
    EXPECT_NE(shown.find("\"size\":" + std::to_string(octets.size())), std::string::npos) << shown;
    EXPECT_NE(shown.find("\"name\":\"x\""), std::string::npos) << shown;
    message.begin_response();
    const auto change = [&](std::string_view path, json::value value) {
        return message.apply({OperationKind::set, *Pointer::parse(path), std::move(value)}, {});
    };
    EXPECT_FALSE(change("/message/bodyValues/1/value", "three"));
    ASSERT_TRUE(change("/message/subject", "y"));
    EXPECT_EQ(crlf_of(message),
              "Subject: y\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + body);
}
