// A program's arguments as getopt takes them, without moving words around: options end at the first
// word that is none. "-fx", "-f x" and "-ab" mean what they always did; a word beginning "--" ends
// the options. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel {

class Arguments {
public:
    // words: argv. letters: as for getopt, "ab:" where b takes a value.
    Arguments(const std::vector<std::string>& words, std::string_view letters);

    // The next option's letter; nullopt after the last one; '?' where it is unknown or lacks its
    // value.
    std::optional<char> next();
    const std::string& value() const { return value_; }
    // What is left of the current word is skipped and returned: a value that is there or not.
    std::string take_rest_of_word();
    std::vector<std::string> rest() const;   // the words behind the options

    // After '?': "NAME: illegal option -- x" or "NAME: option requires an argument -- x".
    std::string complaint() const;

private:
    const std::vector<std::string> words_;
    const std::string letters_;
    std::size_t word_ = 1, place_ = 0;
    char letter_ = 0;
    bool value_missing_ = false;
    std::string value_;
};

std::vector<std::string> argument_words(int count,
                                        const char* const* words);   // main's argc and argv
std::string program_name(std::string_view path);                     // behind the last slash

}
