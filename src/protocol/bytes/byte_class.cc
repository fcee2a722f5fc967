#include "protocol/bytes/byte_class.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ripstop::protocol {
namespace {

bool is_control(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7F;
}

size_t find_outside_scalar(const ByteClass& members, const char* text, size_t size) {
  size_t i = 0;
  while (i < size && members.has(text[i])) ++i;
  return i;
}

size_t find_control_scalar(const char* text, size_t size) {
  size_t i = 0;
  while (i < size && !is_control(text[i])) ++i;
  return i;
}

#if defined(__x86_64__)

// Membership of sixteen bytes at once: the row of the low nibble is looked up with one shuffle, the bit of the high
// nibble with another. Bytes from 0x80 up select a zero in the second table, so they are never members.
__attribute__((target("ssse3"))) inline unsigned outside_mask(__m128i rows, __m128i bytes) {
  const __m128i low_nibble = _mm_set1_epi8(0x0F);
  const __m128i bit_of = _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m128i row = _mm_shuffle_epi8(rows, _mm_and_si128(bytes, low_nibble));
  const __m128i bit = _mm_shuffle_epi8(bit_of, _mm_and_si128(_mm_srli_epi16(bytes, 4), low_nibble));
  const __m128i outside = _mm_cmpeq_epi8(_mm_and_si128(row, bit), _mm_setzero_si128());
  return static_cast<unsigned>(_mm_movemask_epi8(outside));
}

__attribute__((target("ssse3"))) inline __m128i ends_of(const char* text, size_t size) {
  const __m128i front = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(text));
  const __m128i back = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(text + size - 8));
  return _mm_unpacklo_epi64(front, back);
}

__attribute__((target("ssse3"))) size_t find_outside_ssse3(const ByteClass& members, const char* text, size_t size) {
  const __m128i rows = _mm_load_si128(reinterpret_cast<const __m128i*>(members.rows()));
  size_t i = 0;
  for (; i + 16 <= size; i += 16) {
    const unsigned mask = outside_mask(rows, _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + i)));
    if (mask != 0) return i + static_cast<size_t>(__builtin_ctz(mask));
  }
  if (size - i < 8) return i + find_outside_scalar(members, text + i, size - i);
  // The first and the last eight bytes of the rest, which overlap.
  const unsigned mask = outside_mask(rows, ends_of(text + i, size - i));
  if (mask == 0) return size;
  const auto first = static_cast<size_t>(__builtin_ctz(mask));
  return first < 8 ? i + first : size - 16 + first;
}

__attribute__((target("ssse3"))) inline unsigned control_mask(__m128i bytes) {
  const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  const __m128i tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
  const __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, low), del)));
}

__attribute__((target("ssse3"))) size_t find_control_ssse3(const char* text, size_t size) {
  size_t i = 0;
  for (; i + 16 <= size; i += 16) {
    const unsigned mask = control_mask(_mm_loadu_si128(reinterpret_cast<const __m128i*>(text + i)));
    if (mask != 0) return i + static_cast<size_t>(__builtin_ctz(mask));
  }
  if (size - i < 8) return i + find_control_scalar(text + i, size - i);
  const unsigned mask = control_mask(ends_of(text + i, size - i));
  if (mask == 0) return size;
  const auto first = static_cast<size_t>(__builtin_ctz(mask));
  return first < 8 ? i + first : size - 16 + first;
}

__attribute__((target("avx2"))) size_t find_control_avx2(const char* text, size_t size) {
  const __m256i last_control = _mm256_set1_epi8(0x1F);
  size_t i = 0;
  for (; i + 32 <= size; i += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + i));
    const __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, last_control), bytes);
    const __m256i tab = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\t'));
    const __m256i del = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x7F));
    const auto mask = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_or_si256(_mm256_andnot_si256(tab, low), del)));
    if (mask != 0) return i + static_cast<size_t>(__builtin_ctz(mask));
  }
  return i + find_control_ssse3(text + i, size - i);
}

// Names and paths are short, so wider registers would only add a longer tail.
__attribute__((target("avx2"))) size_t find_outside_avx2(const ByteClass& members, const char* text, size_t size) {
  return find_outside_ssse3(members, text, size);
}

bool has_avx2() {
  return __builtin_cpu_supports("avx2") != 0;
}
bool has_ssse3() {
  return __builtin_cpu_supports("ssse3") != 0;
}

#else

constexpr auto find_outside_ssse3 = find_outside_scalar;
constexpr auto find_control_ssse3 = find_control_scalar;
constexpr auto find_outside_avx2 = find_outside_scalar;
constexpr auto find_control_avx2 = find_control_scalar;
bool has_avx2() {
  return false;
}
bool has_ssse3() {
  return false;
}

#endif

constexpr ByteScanner kScalar{"scalar", true, find_outside_scalar, find_control_scalar};

// Constant-initialised to the scalar one, so that other static initialisers may already parse.
constinit ByteScanner scanner = kScalar;

[[maybe_unused]] const bool kChosen = [] {
  for (const ByteScanner& candidate : byte_scanners()) {
    if (candidate.supported) scanner = candidate;
  }
  return true;
}();

}  // namespace

std::array<ByteScanner, 3> byte_scanners() {
  return {kScalar, ByteScanner{"ssse3", has_ssse3(), find_outside_ssse3, find_control_ssse3},
          ByteScanner{"avx2", has_avx2(), find_outside_avx2, find_control_avx2}};
}

size_t find_outside(const ByteClass& members, std::string_view text) {
  return scanner.find_outside(members, text.data(), text.size());
}

size_t find_control(std::string_view text) {
  return scanner.find_control(text.data(), text.size());
}

}  // namespace ripstop::protocol
