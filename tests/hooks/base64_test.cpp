#include "hooks/codec/serialization.hpp"
#include "hooks/values/base64.hpp"

#include <gtest/gtest.h>

#include <random>

namespace grapnel::hooks {
namespace {

TEST(Base64, HasTheVectorsOfRfc4648)
{
    const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"},
                                                           {"\xFB\xFF\xBF", "+/+/"}};
    for (const auto& [bytes, text] : vectors) {
        EXPECT_EQ(base64(bytes), text);
        EXPECT_EQ(decode_base64(text), bytes);
    }
}

TEST(Base64, IsReadStrictly)
{
    for (const std::string_view text :
         {"Z",    "Zg",       "Zg=",          "Zm8",      "=",       "==",     "===",  "====",
          "Z===", "Zg==\n",   "Zm9v\r\nYg==", " Zm9",     "Zm9 ",    "Zh==",   "Zm9=", "Zm-_",
          "Z=9v", "Zg==Zg==", "Zm8=Zm9v",     "Zm9vZ===", "Zm9\x80", "Zm9\xFF"})
        EXPECT_FALSE(decode_base64(text)) << text;
    EXPECT_FALSE(decode_base64(std::string("Zm9\0", 4)));
}

TEST(Base64, ReadsWhatItWrites)
{
    std::minstd_rand random(4648);
    for (std::size_t size = 0; size < 300; ++size) {
        std::string bytes(size, '\0');
        for (char& c : bytes) c = static_cast<char>(random());
        EXPECT_EQ(decode_base64(base64(bytes)), bytes);
    }
}

TEST(Base64, RefusesEveryOctetThatIsNoDigit)
{
    const std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int c = 0; c < 256; ++c)
        for (std::size_t place = 0; place < 8; ++place) {
            std::string text = "AAAAAAAA";
            text[place] = static_cast<char>(c);
            const bool good =
                alphabet.find(text[place]) != alphabet.npos || (c == '=' && place == 7);
            EXPECT_EQ(decode_base64(text).has_value(), good) << c << " at " << place;
        }
}

}
}
