// Messages, edits and what comes of them, in few words.
#pragma once

#include "hooks/message/message.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace grapnel::test {

std::string crlf_of(const hooks::Message& message);   // by its reader
std::string lf_of(const hooks::Message& message);     // by what it writes
std::string contents(int descriptor);                 // from where it stands

boost::json::object all_of(const hooks::Message& message);
boost::json::value property(const hooks::Message& message, std::string_view member);
boost::json::value part(const hooks::Message& message, std::string_view path);   // in bodyStructure

hooks::Operation set(std::string_view path, boost::json::value value);
hooks::Operation add(std::string_view path, boost::json::value value);
hooks::Operation add_at(std::uint64_t index, std::string_view path, boost::json::value value);
hooks::Operation delete_at(std::string_view path);

// "" or why not.
std::string apply(hooks::Message& message, const hooks::Operation& operation,
                  const hooks::MessageRules& rules = {});

// The text afterwards; or "!" and why not, where nothing may have changed.
std::string edited(const std::string& text, const hooks::Operation& operation,
                   const hooks::MessageRules& rules = {});

struct Sample {
    std::string name;
    std::string text;   // LF line ends
};
std::vector<Sample> samples();   // the corpus, where it is there, and a few of ours

}
