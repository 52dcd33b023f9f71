#include "base/arguments.hpp"

namespace grapnel {

Arguments::Arguments(const std::vector<std::string>& words, std::string_view letters)
    : words_(words), letters_(letters)
{
}

std::optional<char> Arguments::next()
{
    if (word_ < words_.size() && place_ > 0 && place_ >= words_[word_].size()) {
        ++word_;
        place_ = 0;
    }
    if (word_ >= words_.size()) return std::nullopt;
    const std::string& word = words_[word_];
    if (place_ == 0) {
        if (word.size() < 2 || word[0] != '-') return std::nullopt;
        if (word[1] == '-') {
            ++word_;
            return std::nullopt;
        }
        place_ = 1;
    }
    letter_ = word[place_++];
    const auto known = letter_ == ':' ? std::string::npos : letters_.find(letter_);
    if (known == std::string::npos) return '?';
    if (letters_.substr(known + 1, 1) != ":") return letter_;

    value_ = word.substr(place_);
    ++word_;
    place_ = 0;
    if (!value_.empty()) return letter_;
    if (word_ >= words_.size()) {
        value_missing_ = true;
        return '?';
    }
    value_ = words_[word_++];
    return letter_;
}

std::string Arguments::take_rest_of_word()
{
    if (place_ == 0 || word_ >= words_.size()) return {};
    std::string rest = words_[word_].substr(place_);
    place_ = words_[word_].size();
    return rest;
}

std::vector<std::string> Arguments::rest() const
{
    // A word whose letters are used up is behind us even before next() has seen that.
    const bool used_up = place_ > 0 && word_ < words_.size() && place_ >= words_[word_].size();
    const auto begin = std::min(word_ + (used_up ? 1 : 0), words_.size());
    return {words_.begin() + static_cast<std::ptrdiff_t>(begin), words_.end()};
}

std::string Arguments::complaint() const
{
    const std::string name = program_name(words_.empty() ? std::string_view() : words_[0]);
    return name + (value_missing_ ? ": option requires an argument -- " : ": illegal option -- ") +
           letter_;
}

std::vector<std::string> argument_words(int count, const char* const* words)
{
    return {words, words + count};
}

std::string program_name(std::string_view path)
{
    const auto slash = path.rfind('/');
    return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

}
