#include "common/types/character_class.h"

#include <clocale>
#include <cwctype>

#include <algorithm>

namespace adbms::types {
namespace {

locale_t Ctype() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

template <int (*kTest)(wint_t, locale_t)>
bool Is(char32_t c) {
  return Ctype() != nullptr && kTest(static_cast<wint_t>(c), Ctype()) != 0;
}

void Append(char32_t c, std::string* out) {
  const auto put = [out](char32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (c < 0x80) return put(c);
  const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  put((more == 1 ? 0xc0 : more == 2 ? 0xe0 : 0xf0) | c >> (6 * more));
  for (int i = more - 1; i >= 0; --i) put(0x80 | (c >> (6 * i) & 0x3f));
}

}  // namespace

size_t CharacterBytes(std::string_view text, size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  const size_t bytes = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
  return std::min(bytes, text.size() - at);
}

char32_t CharacterAt(std::string_view text, size_t at) {
  const size_t bytes = CharacterBytes(text, at);
  const auto first = static_cast<unsigned char>(text[at]);
  if (bytes == 1) return first;
  char32_t c = first & (0x7f >> bytes);
  for (size_t i = 1; i < bytes; ++i) c = c << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3f);
  return c;
}

bool IsSpaceCharacter(char32_t c) { return Is<iswspace_l>(c); }
bool IsLetter(char32_t c) { return Is<iswalpha_l>(c); }
bool IsDigitCharacter(char32_t c) { return Is<iswdigit_l>(c); }
bool IsLetterOrDigit(char32_t c) { return Is<iswalnum_l>(c); }

std::string LowerCase(std::string_view text) {
  std::string lower;
  lower.reserve(text.size());
  for (size_t at = 0; at < text.size(); at += CharacterBytes(text, at)) {
    const char32_t c = CharacterAt(text, at);
    if (c < 0x80) {
      lower.push_back(static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c));
    } else {
      Append(Ctype() == nullptr ? c : static_cast<char32_t>(towlower_l(c, Ctype())), &lower);
    }
  }
  return lower;
}

}  // namespace adbms::types
