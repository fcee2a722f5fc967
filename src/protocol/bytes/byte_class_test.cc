#include "protocol/bytes/byte_class.h"

#include <gtest/gtest.h>

#include <string>

namespace ripstop::protocol {
namespace {

TEST(ByteClass, HasExactlyItsMembers) {
  constexpr ByteClass kVowels("aeiou~");
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    EXPECT_EQ(kVowels.has(c), byte < 128 && byte != 0 && std::string_view("aeiou~").find(c) != std::string_view::npos);
  }
}

// Every byte, in every place of a text of that size.
void expect_finds_every_byte(const ByteScanner& scanner, size_t size) {
  for (size_t i = 0; i < size * 256; ++i) {
    const size_t at = i / 256;
    const size_t byte = i % 256;
    std::string text(size, 'x');
    text[at] = static_cast<char>(byte);
    const bool control = (byte < 0x20 && byte != '\t') || byte == 0x7F;
    ASSERT_EQ(scanner.find_control(text.data(), size), control ? at : size) << byte << " at " << at;
    const bool member = kTokenBytes.has(text[at]);
    ASSERT_EQ(scanner.find_outside(kTokenBytes, text.data(), size), member ? size : at) << byte << " at " << at;
  }
}

TEST(ByteClass, EveryScannerFindsEveryByteAtEveryOffset) {
  for (const ByteScanner& scanner : byte_scanners()) {
    if (!scanner.supported) continue;
    SCOPED_TRACE(scanner.name);
    for (const size_t size : {1U, 15U, 16U, 17U, 31U, 32U, 33U, 70U}) expect_finds_every_byte(scanner, size);
  }
}

TEST(ByteClass, TokensAreThoseOfTheStandard) {
  EXPECT_TRUE(is_token("!#$%&'*+-.^_`|~09azAZ"));
  for (const char* bad : {"", " ", "a b", "a:", "(", "\"", "a,b", "\x7f", "\xc3\xa9"})
    EXPECT_FALSE(is_token(bad)) << bad;
}

}  // namespace
}  // namespace ripstop::protocol
