// A second opinion on real messages: Python's email module, where it finds nothing wrong.
#include "hooks/message/lines.hpp"
#include "hooks/message/messages.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace grapnel;
using namespace grapnel::hooks;
using namespace grapnel::test;
namespace json = boost::json;

namespace {

// Where the two differ and we stand by ours.
constexpr std::array<std::string_view, 4> known{
    "mailbox line 1: text",           // for us it is no header line
    "malformed/000.eml: structure",   // nothing between two boundaries is a part
    "malformed/019.eml: to",          // "Fro :" is an obsolete field (RFC 5322 4.5)
    "thirdparty/003.eml 4: text",     // blanks behind an encoding's name
};

std::string run(const std::string& command)
{
    std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    std::string output;
    std::array<char, 4096> room{};
    while (const auto n = std::fread(room.data(), 1, room.size(), pipe))
        output.append(room.data(), n);
    return ::pclose(pipe) == 0 ? output : output + "failed\n";
}

}

TEST(EmailModule, SeesTheSameInRealMessages)
{
    const auto home = testing::TempDir() + "/email." + std::to_string(::getpid());
    std::filesystem::create_directory(home);
    int number = 0;
    for (const auto& [name, text] : samples()) {
        const auto path = home + '/' + std::to_string(1000 + number++);
        std::ofstream(path + ".eml", std::ios::binary) << crlf(text);
        auto ours = all_of(Message(text));
        ours["name"] = name.c_str();
        std::ofstream(path + ".json", std::ios::binary) << json::serialize(ours);
    }
    std::istringstream lines(run("python3 " EMAIL_MODULE " " + home));
    std::filesystem::remove_all(home);
    std::string line, last;
    while (std::getline(lines, line)) {
        last = line;
        const bool is_summary = line.find(" structures ") != std::string::npos;
        const auto matches = [&](std::string_view start) { return line.starts_with(start); };
        EXPECT_TRUE(is_summary || std::any_of(known.begin(), known.end(), matches)) << line;
    }
    EXPECT_NE(last.find(" structures "), std::string::npos) << last;
    EXPECT_FALSE(last.starts_with("0 ")) << last;
    std::printf("compared: %s\n", last.c_str());
}
