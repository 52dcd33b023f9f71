// Every sample message arrives byte for byte, at a Maildir and at the remote end, or is refused as
// the contract says.
#include "programs/messages.hpp"
#include "programs/pipeline.hpp"

#include "base/mail/envelope.hpp"
#include "base/sys/file.hpp"
#include "base/sys/spawn.hpp"

#include <map>

using namespace grapnel::test;

struct Corpus : Pipeline {
    std::vector<Sample> samples = sample_messages();
    SmtpScript far;

    Corpus()
    {
        next_hop(far.route());
        dot_qmail("./Maildir/\n", "default");
        home.control("concurrencylocal", "20");
    }

    static std::string local_name(std::size_t i)
    {
        return "joe-" + std::to_string(i) + "@here.example";
    }
    static std::string remote_name(std::size_t i) { return std::to_string(i) + "@far.example"; }

    // By sample: what lies in the Maildir.
    std::map<std::size_t, std::string> delivered() const
    {
        std::map<std::size_t, std::string> result;
        for (const auto& message : maildir_messages(maildir)) {
            const auto at = message.find("\nDelivered-To: joe-");
            if (at != std::string::npos) result[std::stoul(message.substr(at + 19))] = message;
        }
        return result;
    }

    // By sample: the data that the next hop was sent.
    std::map<std::size_t, std::string> relayed() const
    {
        std::map<std::size_t, std::string> result;
        for (const auto& session : far.sessions()) {
            std::size_t message = 0;   // a session may take several, each for one recipient
            for (const auto& command : session.commands)
                if (command.starts_with("RCPT TO:<") && message < session.messages.size())
                    result[std::stoul(command.substr(9))] = session.messages[message++];
        }
        return result;
    }
};

namespace {

// What the next hop must get of bytes in the queue: no bare CR, every line ended (a CR at the very
// end is taken for half of a line end), dots doubled.
std::string sent_form(const std::string& queued)
{
    std::string lines;
    for (std::size_t i = 0; i < queued.size(); ++i)
        if (queued[i] != '\r')
            lines += queued[i];
        else if (i + 1 < queued.size() && queued[i + 1] != '\n')
            lines += ' ';
    if (queued.ends_with('\r')) lines += '\n';
    auto wire = as_data(lines);
    return wire.substr(0, wire.size() - 3);
}

}

// One code in two frames.
class CorpusBySmtp : public Corpus, public ::testing::WithParamInterface<bool> {};

TEST_P(CorpusBySmtp, ArrivesOrIsRefused)
{
    Instance mta(home, {.one_shot = GetParam()});
    SmtpClient client(mta.port());
    client.command("EHLO client.example");
    std::size_t accepted = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (i % 90 == 89) {   // a session takes 100 messages at most
            client = SmtpClient(mta.port());
            client.command("EHLO client.example");
        }
        client.send("MAIL FROM:<a@client.example> BODY=8BITMIME\r\nRCPT TO:<" + local_name(i) +
                    ">\r\nRCPT TO:<" + remote_name(i) + ">\r\n");
        for (int replies = 0; replies < 3; ++replies)
            EXPECT_TRUE(client.reply().starts_with("250")) << samples[i].name;
        ASSERT_TRUE(client.command("DATA").starts_with("354")) << samples[i].name;
        const auto wire = wire_form(samples[i]);
        client.send(wire + ".\r\n");
        const auto reply = client.reply();
        EXPECT_TRUE(reply.starts_with(fate(wire)))
            << samples[i].name << ": " << reply << " instead of " << fate(wire);
        accepted += reply.starts_with("250");
    }
    EXPECT_TRUE(wait_for_maildir(maildir, accepted)) << mta.log();
    EXPECT_TRUE(far.wait_for_messages(accepted)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());

    const auto here = delivered(), there = relayed();
    EXPECT_EQ(here.size(), accepted);
    EXPECT_EQ(there.size(), accepted);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const auto wire = wire_form(samples[i]);
        if (fate(wire) != "250" || !here.contains(i) || !there.contains(i)) continue;
        EXPECT_TRUE(trace_of(here.at(i), from_data(wire)))
            << samples[i].name << ": " << here.at(i).substr(0, 2000);
        EXPECT_TRUE(trace_of(from_data(there.at(i)), from_data(wire))) << samples[i].name;
        EXPECT_TRUE(there.at(i).ends_with(wire)) << samples[i].name;
    }
}

INSTANTIATE_TEST_SUITE_P(All, CorpusBySmtp, ::testing::Bool(), [](const auto& frame) {
    return std::string(frame.param ? "OneShot" : "Listening");
});

TEST_F(Corpus, ByQmailQueueWithAnyBytes)
{
    Instance mta(home, {.smtpd = false});
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const grapnel::Envelope envelope{"a@client.example", {local_name(i), remote_name(i)}};
        auto [reader, writer] = grapnel::make_pipe();
        grapnel::write_all(writer.get(), encode(envelope));
        writer.reset();
        const auto result = run({.argv = {home.program("qmail-queue")},
                                 .environment = home.environment(),
                                 .descriptors = {{1, reader.get()}}},
                                samples[i].bytes);
        EXPECT_EQ(result.ending.code, 0) << samples[i].name;
    }
    EXPECT_TRUE(wait_for_maildir(maildir, samples.size())) << mta.log();
    EXPECT_TRUE(far.wait_for_messages(samples.size())) << mta.log();

    const auto here = delivered(), there = relayed();
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (!here.contains(i) || !there.contains(i)) {
            ADD_FAILURE() << samples[i].name << " did not arrive";
            continue;
        }
        EXPECT_TRUE(trace_of(here.at(i), samples[i].bytes))
            << samples[i].name << ": " << here.at(i).substr(0, 2000);
        const auto at = there.at(i).find("\r\n");
        EXPECT_TRUE(there.at(i).substr(at == std::string::npos ? 0 : at + 2) ==
                    sent_form(samples[i].bytes))
            << samples[i].name;
    }
}
