#include "protocol/byte_class.h"

#include <gtest/gtest.h>

#include <string>

namespace ripstop::protocol {
namespace {

TEST(ByteClass, HasExactlyItsMembers) {
  constexpr ByteClass vowels("aeiou~");
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    EXPECT_EQ(vowels.has(c), byte < 128 && byte != 0 && std::string_view("aeiou~").find(c) != std::string_view::npos);
  }
}

TEST(ByteClass, EveryScannerFindsEveryByteAtEveryOffset) {
  for (const ByteScanner& scanner : byte_scanners()) {
    if (!scanner.supported) continue;
    SCOPED_TRACE(scanner.name);
    for (size_t size : {1U, 15U, 16U, 17U, 31U, 32U, 33U, 70U}) {
      for (size_t at = 0; at < size; ++at) {
        for (int byte = 0; byte < 256; ++byte) {
          std::string text(size, 'x');
          text[at] = static_cast<char>(byte);
          const bool control = (byte < 0x20 && byte != '\t') || byte == 0x7F;
          ASSERT_EQ(scanner.find_control(text.data(), size), control ? at : size) << byte << " at " << at;
          const bool member = kTokenBytes.has(text[at]);
          ASSERT_EQ(scanner.find_outside(kTokenBytes, text.data(), size), member ? size : at) << byte << " at " << at;
        }
      }
    }
  }
}

TEST(ByteClass, TokensAreThoseOfTheStandard) {
  EXPECT_TRUE(is_token("!#$%&'*+-.^_`|~09azAZ"));
  for (const char* bad : {"", " ", "a b", "a:", "(", "\"", "a,b", "\x7f", "\xc3\xa9"})
    EXPECT_FALSE(is_token(bad)) << bad;
}

}  // namespace
}  // namespace ripstop::protocol
