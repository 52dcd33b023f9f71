// qmail-showctl: the original's words, every setting, and what is wrong.
#include "base/settings.hpp"
#include "base/sys/cdb.hpp"
#include "support/process.hpp"
#include "support/recorded.hpp"
#include "support/temp_home.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

using namespace grapnel;
using namespace grapnel::test;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

namespace {

class Showctl : public ::testing::Test {
protected:
    Finished show(const std::vector<std::string>& options = {})
    {
        std::vector<std::string> argv{home.program("qmail-showctl")};
        argv.insert(argv.end(), options.begin(), options.end());
        return run({.argv = argv, .environment = home.environment()});
    }
    std::string problems()
    {
        const auto done = show({"--check"});
        EXPECT_EQ(done.ending.code, done.output.empty() ? 0 : 1) << done.errors;
        return done.output;
    }
    // Nothing is wrong with it.
    void make_sound() { home.control("rcpthosts", "here.example"); }

    TempHome home;
};

TEST_F(Showctl, UsesTheWordsOfTheOriginal)
{
    std::size_t count = 0;
    for (const auto& block : read_recorded("tools.txt")) {
        if (block.value("program") != "qmail-showctl") continue;
        SCOPED_TRACE(block.name());
        ++count;
        const TempHome fresh;
        fresh.no_control("me");
        for (const auto& [name, text] : block.pairs("control"))
            spill(fresh / ("control/" + name), text);
        const auto shown = [&] {
            return run({.argv = {fresh.program("qmail-showctl")},
                        .environment = fresh.environment()})
                .output;
        };
        auto expected = block.value("stdout");
        expected = expected.substr(expected.find("\nbadmailfrom: "));
        const std::string stranger = "\nunknown: I have no idea what this file does.\n";
        if (expected.ends_with(stranger)) {
            expected.resize(expected.size() - stranger.size());
            EXPECT_THAT(shown(), HasSubstr(stranger));
        }
        // Ours takes mail for local domains only where the original took it for all.
        EXPECT_THAT(shown(), HasSubstr(replace_all(expected, "messages to any recipient",
                                                   "messages to local domains only")));
        spill(fresh / "control/lax", "openrelay\n");
        EXPECT_THAT(shown(), HasSubstr(expected));
    }
    EXPECT_EQ(count, 5u);
}

TEST_F(Showctl, PrintsHowItWasBuiltAndEverySetting)
{
    home.control("tarpitcount", "7");
    home.control("spfbehavior", "3");
    home.control("mystery", "x");
    const auto done = show();
    EXPECT_EQ(done.ending.code, 0);
    EXPECT_TRUE(done.output.starts_with("qmail home directory: " + home.path() +
                                        ".\nuser-ext delimiter: -.\n"
                                        "paternalism (in decimal): 2.\n"
                                        "silent concurrency limit: 120.\n"
                                        "subdirectory split: 3.\nuser ids: "))
        << done.output;
    for (const auto& setting : settings)
        EXPECT_THAT(done.output, HasSubstr('\n' + std::string(setting.name) + ": "));
    EXPECT_THAT(done.output, HasSubstr("\ntarpitcount: 7. Recipients of a message"));
    EXPECT_THAT(done.output, HasSubstr("\ntarpitdelay: (Default.) 5. Seconds"));
    EXPECT_THAT(done.output, HasSubstr("\nspfbehavior: Of a patch; not read: "));
    EXPECT_THAT(done.output, HasSubstr("\nmystery: I have no idea what this file does.\n"));
    EXPECT_THAT(done.output, HasSubstr("\nNote: The SMTP server accepts unknown users"));
}

TEST_F(Showctl, WithoutSettingsSaysHowItWasBuilt)
{
    fs::remove_all(home / "control");
    const auto done = show();
    EXPECT_EQ(done.ending.code, 111);
    EXPECT_THAT(done.output, HasSubstr("group ids: "));
    EXPECT_EQ(show({"--check"}).ending.code, 111);
    EXPECT_EQ(show({"--chess"}).ending.code, 100);
}

TEST_F(Showctl, ASoundSystemHasNoProblems)
{
    make_sound();
    EXPECT_EQ(problems(), "");
    EXPECT_THAT(show().output, Not(HasSubstr("Warning: ")));
}

TEST_F(Showctl, NamesFileAndLineOfWhatIsWrong)
{
    make_sound();
    home.control("virtualdomains", "v.example:v\n\nnocolon");
    home.control("concurrencylocal", "many");
    home.control("helohost", "mail");
    EXPECT_EQ(problems(), "concurrencylocal: line 1: This is no number; the default 10 counts.\n"
                          "helohost: line 1: \"mail\" is not fully qualified.\n"
                          "virtualdomains: line 3: \"nocolon\" has no colon and is ignored.\n");
    EXPECT_THAT(show().output, HasSubstr("\nWarning: virtualdomains: line 3: \"nocolon\""));
}

TEST_F(Showctl, SaysWhatIsMissing)
{
    EXPECT_THAT(problems(), HasSubstr("rcpthosts: It is missing: mail is taken for local domains"));
    home.control("lax", "openrelay");
    EXPECT_THAT(problems(), HasSubstr("this host is an open relay.\n"));
    make_sound();
    home.no_control("me");
    EXPECT_THAT(problems(), HasSubstr("me: It is missing; nothing works without it.\n"));
}

TEST_F(Showctl, FindsTablesThatAreOldBrokenOrAlone)
{
    make_sound();
    home.control("morercpthosts", "more.example");
    EXPECT_EQ(problems(), "morercpthosts: It is there, but not compiled: it has no effect.\n");
    home.write("control/morercpthosts.cdb", "no table");
    EXPECT_EQ(problems(), "morercpthosts.cdb: It cannot be read, or is no cdb.\n");
    {
        CdbWriter table(home / "control/morercpthosts.cdb");
        table.finish();
    }
    EXPECT_EQ(problems(), "");
    const timeval long_ago[2]{{1000, 0}, {1000, 0}};
    ASSERT_EQ(::utimes((home / "control/morercpthosts.cdb").c_str(), long_ago), 0);
    EXPECT_EQ(problems(),
              "morercpthosts.cdb: It is older than morercpthosts: compile that again.\n");
    home.no_control("morercpthosts");
    EXPECT_EQ(problems(), "morercpthosts.cdb: morercpthosts is gone.\n");
    home.no_control("morercpthosts.cdb");
    const auto joe = home.user("joe");
    ASSERT_EQ(::utimes((home / "users/cdb").c_str(), long_ago), 0);
    EXPECT_EQ(problems(), "users/cdb: It is older than users/assign: run qmail-newu.\n");
}

TEST_F(Showctl, LooksAtOwnersAndModes)
{
    make_sound();
    home.control("databytes", "0");
    ASSERT_EQ(::chmod((home / "control/databytes").c_str(), 0666), 0);
    EXPECT_EQ(problems(), "databytes: Everybody can change it.\n");
    ASSERT_EQ(::chmod((home / "control/databytes").c_str(), 0644), 0);
    fs::create_directory(home / "control/greetdelay");
    EXPECT_THAT(problems(), HasSubstr("greetdelay: It cannot be read: "));
    EXPECT_THAT(show().output, HasSubstr("\ngreetdelay: Oops! Trouble reading this file.\n"));
    fs::remove(home / "control/greetdelay");
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
    ASSERT_EQ(::chown((home / "control/databytes").c_str(), 65534, 0), 0);
    EXPECT_THAT(problems(), HasSubstr("databytes: It belongs to nobody, who can change it;"));
}

TEST_F(Showctl, DoesNotShowPasswordsAndSaysWhereOthersCan)
{
    make_sound();
    home.control("smtproutes", "a.example:relay:587|joe|hush-hush");
    home.control("authsenders", "@b.example:relay|ann|hush-hush\nbad|hush-hush");
    const std::string warning = "It holds passwords, but everybody can read it.";
    for (const auto& options : {std::vector<std::string>{}, {"--check"}, {"--json"}}) {
        const auto said = show(options).output;
        EXPECT_THAT(said, Not(HasSubstr("hush")));
        EXPECT_THAT(said, HasSubstr(warning));
    }
    EXPECT_THAT(show().output, HasSubstr("\nSMTP route: a.example:relay:587|(not shown)\n"));
    for (const auto* file : {"control/smtproutes", "control/authsenders"})
        ::chmod((home / file).c_str(), 0640);
    EXPECT_THAT(problems(), Not(HasSubstr(warning)));
}

TEST_F(Showctl, NamesCertificatesThatAreNotUsed)
{
    make_sound();
    EXPECT_THAT(show().output, HasSubstr("no certificate, so nobody can use TLS"));
    const std::string key = "-----BEGIN PRIVATE KEY-----\n",
                      certificate = "-----BEGIN CERTIFICATE-----\n";
    spill(home / "control/servercert.pem", key + certificate, 0600);
    EXPECT_EQ(problems(), "");
    EXPECT_THAT(show().output, Not(HasSubstr("BEGIN")));
    for (const auto* name : {"a.example", "b.example", "c.example"})
        fs::create_directories(home / ("control/servercerts/" + std::string(name)));
    spill(home / "control/servercerts/a.example/servercert.pem", certificate, 0600);
    spill(home / "control/servercerts/b.example/privkey.pem", key, 0600);
    spill(home / "control/servercerts/b.example/fullchain.pem", certificate);
    spill(home / "control/servercerts/stray.pem", "");
    const auto said = problems();
    EXPECT_THAT(said, HasSubstr("servercerts/a.example: It must hold a private key"));
    EXPECT_THAT(said, HasSubstr("servercerts/c.example: It holds no servercert.pem"));
    EXPECT_THAT(said, HasSubstr("servercerts/stray.pem: It is no directory"));
    EXPECT_THAT(said, Not(HasSubstr("b.example")));
    ASSERT_EQ(::chmod((home / "control/servercert.pem").c_str(), 0604), 0);
    EXPECT_THAT(problems(), HasSubstr("servercert.pem: Everybody may use the key in it"));
}

TEST_F(Showctl, NamesWhatIsWrongWithScanners)
{
    make_sound();
    fs::create_directories(home / "control/hooks/10-bad");
    home.write("control/hooks/10-bad/timeout", "900\n");
    EXPECT_THAT(problems(), HasSubstr("control/hooks/10-bad/timeout: "));
    const auto shown = show().output;
    EXPECT_THAT(shown, HasSubstr("Warning: it is left out, and counts as failed.\n"));
    EXPECT_THAT(shown, Not(HasSubstr("hooks: I have no idea")));
}

TEST_F(Showctl, TellsProgramsTheSame)
{
    home.control("locals", "a.example\nb\"\\.example");
    home.control("databytes", "1000x");
    home.control("smtpgreeting", "here.example \xe4h");
    home.control("mystery", "x");
    const auto done = show({"--json"});
    EXPECT_EQ(done.ending.code, 0);
    const std::string reader =
        "import json,sys\n"
        "d=json.load(sys.stdin)\n"
        "s={x['name']:x for x in d['settings']}\n"
        "print(s['locals']['value'],s['locals']['origin'])\n"
        "print(s['databytes']['value'],s['bouncehost']['value'],s['bouncehost']['origin'])\n"
        "print(s['smtpgreeting']['value'],s['concurrencylocal'])\n"
        "print([p for p in d['problems'] if p['file']=='databytes'],d['unknown'],len(s))\n";
    const auto read = run({.argv = {"/usr/bin/python3", "-c", reader}}, done.output);
    EXPECT_EQ(read.output,
              "['a.example', 'b\"\\\\.example'] file\n"
              "1000 here.example me\n"
              "here.example ?h {'name': 'concurrencylocal', 'kind': 'integer', 'origin': "
              "'default', 'value': 10, 'default': '10', 'readers': 'qmail-send', 'meaning': "
              "'Local deliveries at once'}\n"
              "[{'file': 'databytes', 'line': 1, 'text': 'Only the digits in front count.'}] "
              "['mystery'] " +
                  std::to_string(settings.size()) + '\n')
        << read.errors;
}

}
