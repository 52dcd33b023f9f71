// Real messages through all programs and all stages, with two scanners who change nothing, one in
// JSON and one in CBOR: rawMessage is taken out by Python's modules and compared with what was sent
// and with what arrived.
#include "base/net/digest.hpp"
#include "base/sys/file.hpp"
#include "support/http_scanner.hpp"
#include "support/instance.hpp"
#include "support/maildir.hpp"
#include "support/smtp_client.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

namespace grapnel::test {

namespace {

namespace json = boost::json;

std::vector<std::string> messages()
{
    std::vector<std::string> all{"Subject: x\n\nhi\n", "no header\n", "\nbody alone\n",
                                 "Subject: =?utf-8?B?w7w=?=\nX: \xFF\xFE\n\n\xFC\n..\n.dots\n"};
    std::error_code none;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(CORPUS, none)) {
        if (entry.path().extension() != ".eml") continue;
        std::string text;   // LF line ends, as a Maildir has it
        for (const char c : slurp(entry.path())) {
            if (c == '\n' && text.ends_with('\r')) text.pop_back();
            text += c;
        }
        if (!text.ends_with('\n')) text += '\n';
        all.push_back(std::move(text));
    }
    return all;
}

std::string crlf(std::string_view text)
{
    std::string lines;
    for (const char c : text) lines += c == '\n' ? "\r\n" : std::string(1, c);
    return lines;
}

std::string sha256_of(std::string_view text)
{
    std::string digits;
    for (const char c : net::sha256(text)) {
        constexpr std::string_view hex = "0123456789abcdef";
        const auto octet = static_cast<unsigned char>(c);
        digits += hex[octet >> 4U];
        digits += hex[octet & 15U];
    }
    return digits;
}

std::string without_lines(std::string text, int count)
{
    for (; count > 0; --count) text.erase(0, text.find('\n') + 1);
    return text;
}

class ScannedCorpus : public ::testing::Test {
protected:
    struct Seen {
        std::string stage, type, id, sha256;
        std::size_t size = 0;
    };

    TempHome home;
    HttpScanner scanner;
    std::string joe = home.user("joe"), ana = home.user("ana"), late = home.user("late");

    ScannedCorpus()
    {
        home.control("rcpthosts", "here.example");
        home.control("maxconnrate", "0 0");
        spill(late + "/.qmail", "|exit 111\n", 0600);
        ::mkdir((home / "control/hooks").c_str(), 0755);
        for (const std::string kind : {"json", "cbor"}) {
            const auto directory = "control/hooks/" + kind;
            ::mkdir((home / directory).c_str(), 0755);
            home.write(directory + "/token", "secret\n", 0400);
            home.write(directory + "/url", scanner.url() + '\n');
            home.write(directory + "/insecure-loopback", "1\n");
            home.write(directory + "/serialization", kind + '\n');
            home.write(directory + "/stages", "connect ehlo mail rcpt data delivery defer dsn\n");
        }
    }
    static std::string text(const json::value& object, std::string_view member)
    {
        const auto* found = object.as_object().if_contains(member);
        return found && found->is_string() ? std::string(found->get_string()) : std::string();
    }
    // Every call so far; nothing about any was wrong.
    void look(std::vector<Seen>& all)
    {
        all.clear();
        for (const auto& line : scanner.requests()) {
            const auto request = json::parse(line);
            EXPECT_TRUE(request.at("problems").as_array().empty())
                << json::serialize(request.at("problems"));
            if (text(request, "kind") != "hook") continue;
            const auto& document = request.at("document");
            Seen seen{text(document, "stage"), text(request.at("fields"), "content-type"), {}, {}};
            if (const auto* queue = document.as_object().if_contains("queue");
                queue && queue->is_object())
                seen.id = text(*queue, "id");
            if (request.at("raw").is_object()) {
                seen.sha256 = text(request.at("raw"), "sha256");
                seen.size = request.at("raw").at("size").to_number<std::size_t>();
            }
            all.push_back(std::move(seen));
        }
    }
    static std::map<std::string, int> stages_of(const std::vector<Seen>& all)
    {
        std::map<std::string, int> stages;
        for (const auto& call : all) ++stages[call.stage + ' ' + call.type];
        return stages;
    }
};

}

TEST_F(ScannedCorpus, GoesThroughAllStagesAndArrivesUnchanged)
{
    Instance mta(home);
    ASSERT_TRUE(mta.wait_for_log("hooks json: registered as") &&
                mta.wait_for_log("hooks cbor: registered as"))
        << mta.log();
    std::map<std::string, std::string> sent, arrived;   // by the id of the message
    std::size_t accepted = 0, bounced = 0;
    std::vector<std::string> refusals;
    for (const auto& message : messages()) {
        const auto id_of = [&](const std::vector<std::string>& recipients) {
            const auto reply =
                SmtpClient(mta.port()).deliver("ana@here.example", recipients, message);
            const auto at = reply.find(" id ");
            if (!reply.starts_with("250 ")) refusals.push_back(reply);
            return reply.starts_with("250 ") ? reply.substr(at + 4) : std::string();
        };
        const auto id = id_of({"joe@here.example", "late@here.example"});
        if (id.empty()) continue;
        sent[id] = message;
        ++accepted;
        if (accepted % 4 != 1) continue;   // notices cost time
        sent[id_of({"nobody@here.example"})] = message;
        ++bounced;
    }
    for (const auto& refusal : refusals)
        EXPECT_TRUE(refusal.starts_with("550 5.6.0 bare CR")) << refusal << mta.log();
    EXPECT_TRUE(wait_for_maildir(joe + "/Maildir", accepted));
    EXPECT_TRUE(wait_for_maildir(ana + "/Maildir", bounced));
    for (const auto& file : maildir_messages(joe + "/Maildir")) {
        const auto at = file.find(" id ");
        const auto id = at == file.npos ? "" : file.substr(at + 4, 36);
        ASSERT_TRUE(sent.contains(id)) << file;
        EXPECT_TRUE(file.ends_with(sent[id])) << file;
        arrived[id] = without_lines(file, 2);   // as the queue had it
    }
    EXPECT_EQ(arrived.size(), accepted);

    const auto count = static_cast<int>(accepted), notice = static_cast<int>(bounced);
    std::vector<Seen> seen;
    EXPECT_TRUE(wait_until([&] {
        look(seen);
        auto stages = stages_of(seen);
        const auto there = [&](const std::string& type) {
            return stages["defer" + type] >= count &&
                   stages["delivery" + type] >= 2 * count + 2 * notice;
        };
        return there(" application/json") && there(" application/cbor");
    }));
    std::vector<std::string> notices;
    for (const auto& file : maildir_messages(ana + "/Maildir")) notices.push_back(crlf(file));
    for (const auto& call : seen) {
        if (!sent.contains(call.id) && !call.sha256.empty() && call.stage != "delivery") {
            ADD_FAILURE() << call.stage << " of " << call.id;
        } else if (call.stage == "data") {
            EXPECT_EQ(call.sha256, sha256_of(crlf(sent[call.id])));
        } else if (arrived.contains(call.id) &&
                   (call.stage == "delivery" || call.stage == "defer")) {
            EXPECT_EQ(call.sha256, sha256_of(crlf(arrived[call.id])));
        } else if (call.stage == "dsn") {
            EXPECT_TRUE(std::any_of(notices.begin(), notices.end(), [&](std::string_view whole) {
                return whole.size() > call.size &&
                       sha256_of(whole.substr(whole.size() - call.size)) == call.sha256;
            })) << call.id;
        }
    }
    auto stages = stages_of(seen);
    for (const std::string type : {" application/json", " application/cbor"}) {
        for (const auto* stage : {"connect", "ehlo", "mail", "data"})
            EXPECT_GE(stages[stage + type], count + notice) << stage << type;
        EXPECT_GE(stages["rcpt" + type], 2 * count + notice);
        EXPECT_GE(stages["delivery" + type], 2 * count + 2 * notice);
        EXPECT_GE(stages["defer" + type], count);
        EXPECT_EQ(stages["dsn" + type], notice);
    }
}

}
