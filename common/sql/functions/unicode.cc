#include "common/sql/functions/unicode.h"

#include <clocale>
#include <cwctype>

#include <algorithm>

namespace adbms::sql::functions {
namespace {

locale_t Utf8Locale() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

template <char kFrom, char32_t (*kMap)(char32_t)>
std::string MapCase(std::string_view text) {
  std::string out(text);
  if (IsAscii(text)) {
    for (char& c : out) {
      if (c >= kFrom && c <= kFrom + 25) c = static_cast<char>(c ^ 0x20);
    }
    return out;
  }
  out.clear();
  for (size_t i = 0; i < text.size();) AppendCharacter(kMap(DecodeCharacter(text, &i)), &out);
  return out;
}

}  // namespace

size_t CharacterLength(char first) {
  const auto byte = static_cast<unsigned char>(first);
  if (byte < 0xc0) return 1;
  if (byte < 0xe0) return 2;
  return byte < 0xf0 ? 3 : 4;
}

char32_t DecodeCharacter(std::string_view text, size_t* position) {
  const char* p = text.data() + *position;
  const size_t length = CharacterLength(*p);
  if (length == 1 || *position + length > text.size()) {
    ++*position;
    return static_cast<unsigned char>(*p);
  }
  char32_t character = static_cast<unsigned char>(*p) & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) {
    character = character << 6 | (static_cast<unsigned char>(p[i]) & 0x3f);
  }
  *position += length;
  return character;
}

void AppendCharacter(char32_t c, std::string* out) {
  const auto put = [&](char32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}

char32_t LowerOf(char32_t c) {
  if (c < 128) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  return Utf8Locale() == nullptr
             ? c
             : static_cast<char32_t>(towlower_l(static_cast<wint_t>(c), Utf8Locale()));
}

char32_t UpperOf(char32_t c) {
  if (c < 128) return c >= 'a' && c <= 'z' ? c - 32 : c;
  return Utf8Locale() == nullptr
             ? c
             : static_cast<char32_t>(towupper_l(static_cast<wint_t>(c), Utf8Locale()));
}

bool IsAlphanumeric(char32_t c) {
  if (c < 128) return (c >= '0' && c <= '9') || (LowerOf(c) >= 'a' && LowerOf(c) <= 'z');
  return Utf8Locale() != nullptr && iswalnum_l(static_cast<wint_t>(c), Utf8Locale()) != 0;
}

std::string ToLower(std::string_view text) { return MapCase<'A', LowerOf>(text); }
std::string ToUpper(std::string_view text) { return MapCase<'a', UpperOf>(text); }

}  // namespace adbms::sql::functions
