#include "common/sql/functions/character_classes.h"

#include <locale.h>
#include <wctype.h>

#include <algorithm>
#include <array>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

namespace adbms::sql::functions {
namespace {

constexpr uint32_t kLast = 0x10FFFF;
constexpr std::array<const char*, 12> kNames = {"alnum", "alpha", "blank", "cntrl",
                                                "digit", "graph", "lower", "print",
                                                "punct", "space", "upper", "xdigit"};

bool IsSurrogate(uint32_t c) { return c >= 0xD800 && c <= 0xDFFF; }

absl::flat_hash_map<std::string, CharacterRanges> ReadClasses() {
  absl::flat_hash_map<std::string, CharacterRanges> classes;
  const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  for (const char* name : kNames) {
    CharacterRanges& ranges = classes[name];
    const wctype_t type = locale == nullptr ? wctype(name) : wctype_l(name, locale);
    for (uint32_t c = 0; c <= kLast; ++c) {
      if (IsSurrogate(c)) continue;
      const bool is = locale == nullptr ? iswctype(static_cast<wint_t>(c), type) != 0
                                        : iswctype_l(static_cast<wint_t>(c), type, locale) != 0;
      if (!is) continue;
      if (!ranges.empty() && ranges.back().second + 1 == c) {
        ranges.back().second = c;
      } else {
        ranges.emplace_back(c, c);
      }
    }
  }
  if (locale != nullptr) freelocale(locale);
  CharacterRanges& word = classes["word"] = classes["alnum"];
  word.insert(std::lower_bound(word.begin(), word.end(), std::pair<uint32_t, uint32_t>('_', '_')),
              {'_', '_'});
  return classes;
}

}  // namespace

const CharacterRanges* CharactersOf(std::string_view name) {
  static const auto* const kClasses = new auto(ReadClasses());
  const auto known = kClasses->find(absl::string_view(name.data(), name.size()));
  return known == kClasses->end() ? nullptr : &known->second;
}

CharacterRanges Complement(const CharacterRanges& ranges) {
  CharacterRanges others;
  uint32_t next = 0;
  const auto add = [&](uint32_t first, uint32_t last) {
    if (first > last) return;
    if (first < 0xD800 && last > 0xDFFF) {
      others.emplace_back(first, 0xD7FF);
      others.emplace_back(0xE000, last);
    } else if (!(IsSurrogate(first) && IsSurrogate(last))) {
      others.emplace_back(IsSurrogate(first) ? 0xE000 : first, IsSurrogate(last) ? 0xD7FF : last);
    }
  };
  for (const auto& [first, last] : ranges) {
    if (first > 0) add(next, first - 1);
    next = last + 1;
  }
  add(next, kLast);
  return others;
}

std::string InBrackets(const CharacterRanges& ranges, bool ascii) {
  std::string out;
  for (const auto& [first, last] : ranges) {
    if (ascii && first > 0x7F) break;
    absl::StrAppend(&out, "\\x{", absl::Hex(first), "}");
    const uint32_t end = ascii ? std::min<uint32_t>(last, 0x7F) : last;
    if (end > first) absl::StrAppend(&out, "-\\x{", absl::Hex(end), "}");
  }
  return out;
}

}  // namespace adbms::sql::functions
