// What no edit names stays, octet for octet: seen by a header splitter of its own, and by a DKIM
// signature that OpenSSL makes and verifies.
#include "hooks/message/messages.hpp"

#include "base/text.hpp"

#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

using namespace grapnel;
using namespace grapnel::hooks;
using namespace grapnel::test;
namespace json = boost::json;

namespace {

struct Pieces {
    std::vector<std::string> fields;
    std::string rest;   // from the empty line on
};

// As simply as can be: lines up to the first that is empty; those that begin with a blank go on.
Pieces pieces_of(const std::string& text)
{
    Pieces pieces;
    std::size_t at = 0;
    while (at < text.size() && text[at] != '\n') {
        const auto end = std::min(text.find('\n', at), text.size() - 1) + 1;
        const auto line = text.substr(at, end - at);
        if (line[0] == ' ' || line[0] == '\t')
            pieces.fields.back() += line;
        else
            pieces.fields.push_back(line);
        at = end;
    }
    pieces.rest = text.substr(at);
    return pieces;
}

bool is_ordinary(const std::string& text)
{
    if (text.empty() || text[0] == ' ' || text[0] == '\n' || text.find("\n\n") == std::string::npos)
        return false;
    for (const auto& field : pieces_of(text).fields) {
        const auto colon = field.find(':');
        if (colon == std::string::npos || colon == 0 ||
            field.substr(0, colon).find_first_of(" \t\"<>") != std::string::npos)
            return false;
        if (equal_ignoring_case(field.substr(0, colon), "Received") ||
            equal_ignoring_case(field.substr(0, colon), "Return-Path") ||
            equal_ignoring_case(field.substr(0, colon), "Delivered-To"))
            return false;
    }
    return true;
}

json::value field(std::string_view name, std::string_view value)
{
    return {{"name", name}, {"value", value}};
}

std::string run(const std::string& command)
{
    std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    std::string output;
    std::array<char, 4096> room{};
    while (const auto n = std::fread(room.data(), 1, room.size(), pipe))
        output.append(room.data(), n);
    const int status = ::pclose(pipe);
    return status == 0 ? output : "failed: " + output;
}

void put(const std::string& path, const std::string& text)
{
    std::ofstream(path, std::ios::binary) << text;
}

// DKIM (RFC 6376), simple/simple, From and Subject and the body, by the openssl command.
class Signer {
public:
    Signer() : home_(testing::TempDir() + "/dkim." + std::to_string(::getpid()))
    {
        std::filesystem::create_directory(home_);
        EXPECT_EQ(run("openssl genrsa -out " + home_ + "/key 2048 >/dev/null").find("failed"),
                  std::string::npos);
        run("openssl rsa -in " + home_ + "/key -pubout -out " + home_ + "/public");
    }
    ~Signer() { std::filesystem::remove_all(home_); }

    // The message with its signature on top, LF line ends.
    std::string sign(const std::string& text)
    {
        const auto pieces = pieces_of(text);
        const auto unsigned_field = "DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; "
                                    "d=example.org; s=x;\n h=from:subject; bh=" +
                                    body_hash(pieces.rest) + ";\n b=";
        put(home_ + "/data", signed_data(pieces, unsigned_field));
        run("openssl dgst -sha256 -sign " + home_ + "/key -out " + home_ + "/sig " + home_ +
            "/data");
        return unsigned_field + trimmed(run("base64 -w 0 " + home_ + "/sig")) + "\n" + text;
    }

    bool verifies(const std::string& text)
    {
        const auto pieces = pieces_of(text);
        std::string signature;
        for (const auto& candidate : pieces.fields)
            if (candidate.starts_with("DKIM-Signature:")) signature = candidate;
        const auto hash = signature.find("bh=") + 3, value = signature.find("\n b=") + 4;
        if (signature.substr(hash, signature.find(';', hash) - hash) != body_hash(pieces.rest))
            return false;
        put(home_ + "/data", signed_data(pieces, signature.substr(0, value)));
        put(home_ + "/sig64", signature.substr(value));
        run("base64 -d " + home_ + "/sig64 > " + home_ + "/sig");
        return run("openssl dgst -sha256 -verify " + home_ + "/public -signature " + home_ +
                   "/sig " + home_ + "/data") == "Verified OK\n";
    }

private:
    static std::string trimmed(const std::string& text) { return std::string(trim(text)); }

    static std::string with_crlf(const std::string& text)
    {
        std::string lines;
        for (const char c : text) lines += c == '\n' ? std::string("\r\n") : std::string(1, c);
        return lines;
    }

    // rest: the empty line and the body; empty lines at the end do not count (RFC 6376 3.4.3).
    std::string body_hash(const std::string& rest)
    {
        auto body = rest.substr(1);
        while (body.ends_with("\n\n")) body.pop_back();
        put(home_ + "/body", with_crlf(body));
        return trimmed(run("openssl dgst -sha256 -binary " + home_ + "/body | base64 -w 0"));
    }

    static std::string signed_data(const Pieces& pieces, const std::string& signature)
    {
        std::string from, subject;
        for (const auto& candidate : pieces.fields) {
            if (starts_with_ignoring_case(candidate, "From:")) from = candidate;
            if (starts_with_ignoring_case(candidate, "Subject:")) subject = candidate;
        }
        return with_crlf(from + subject + signature);
    }

    std::string home_;
};

}

TEST(Untouched, FieldsAndBodyStayWhateverIsDoneToOthers)
{
    std::minstd_rand random(7);
    int edits = 0;
    for (const auto& [name, text] : samples()) {
        if (!is_ordinary(text)) continue;
        Message message(text);
        auto wanted = pieces_of(text);
        for (int n = 0; n < 40; ++n, ++edits) {
            message.begin_response();
            auto& fields = wanted.fields;
            const auto at = fields.empty() ? 0 : random() % fields.size();
            const auto path = "/message/headers/" + std::to_string(at);
            const auto value = "v" + std::to_string(n);
            switch (random() % 5) {
            case 0:
                ASSERT_EQ(
                    test::apply(message, add_at(at, "/message/headers", field("X-New", value))),
                    "");
                fields.insert(fields.begin() + static_cast<long>(at), "X-New: " + value + '\n');
                break;
            case 1:
                ASSERT_EQ(test::apply(message, add("/message/headers", field("X-Last", value))),
                          "");
                fields.push_back("X-Last: " + value + '\n');
                break;
            case 2:
                if (fields.empty()) break;
                ASSERT_EQ(test::apply(message, delete_at(path)), "");
                fields.erase(fields.begin() + static_cast<long>(at));
                break;
            case 3:
                if (fields.empty()) break;
                ASSERT_EQ(test::apply(message, set(path + "/value", json::string(value))), "");
                fields[at] = fields[at].substr(0, fields[at].find(':')) + ": " + value + '\n';
                break;
            default:
                if (fields.empty()) break;
                ASSERT_EQ(test::apply(message, set(path + "/name", "X-Name")), "");
                fields[at] = "X-Name" + fields[at].substr(fields[at].find(':'));
            }
            const auto now = pieces_of(lf_of(message));
            ASSERT_EQ(now.fields, fields) << name;
            ASSERT_EQ(now.rest, wanted.rest) << name;
            ASSERT_EQ(message.size(), crlf_of(message).size());
        }
    }
    EXPECT_GE(edits, 40);
}

TEST(Untouched, ASignatureOverOtherFieldsStillVerifies)
{
    Signer signer;
    const auto text = signer.sign("Received: from a by b; Sun, 22 Nov 2026 08:00:00 +0000\n"
                                  "From:  Ana  <ana@example.org>\nX-Spam: No\nSubject: hello\n  "
                                  "folded \t x\nX-Spam: Maybe\n\n"
                                  "body \n\nlast line\n\n");
    ASSERT_TRUE(signer.verifies(text));
    Message message(text);
    for (const auto& operation :
         {add_at(0, "/message/headers", field("X-Spam", "Yes")), delete_at("/message/headers/4"),
          set("/message/headers/5/value", "changed"), set("/message/headers/5/name", "X-Ham"),
          set("/message/subject", "hello  folded \t x"),
          set("/message/to", json::value({{{"name", nullptr}, {"email", "a@b.example"}}})),
          set("/message/bodyValues/1/value", "body \n\nlast line\n\n")})
        ASSERT_EQ(test::apply(message, operation), "");
    const auto now = lf_of(message);
    EXPECT_NE(now, text);
    EXPECT_TRUE(signer.verifies(now)) << now;

    // And it is a signature: what is signed cannot be changed.
    Message other = message;
    ASSERT_EQ(test::apply(other, set("/message/subject", "other")), "");
    EXPECT_FALSE(signer.verifies(lf_of(other)));
    ASSERT_EQ(test::apply(message, set("/message/bodyValues/1/value", "other\n")), "");
    EXPECT_FALSE(signer.verifies(lf_of(message)));
}
