#include "common/sql/default_planner/pattern_bounds.h"

#include <cstdint>

namespace adbms::sql::default_planner {
namespace {

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

uint32_t CodePoint(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first;
  uint32_t code = first & (0xffu >> (character.size() + 1));
  for (size_t i = 1; i < character.size(); ++i)
    code = code << 6 | (static_cast<unsigned char>(character[i]) & 0x3fu);
  return code;
}

std::string Encoded(uint32_t code) {
  const auto tail = [code](int shift) {
    return static_cast<char>(0x80u | ((code >> shift) & 0x3fu));
  };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xc0u | code >> 6), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xe0u | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0u | code >> 18), tail(12), tail(6), tail(0)};
}

// The least string of whole characters that is greater than all that begin with `prefix`.
std::optional<std::string> After(std::string prefix) {
  constexpr uint32_t kLast = 0x10ffff;
  while (!prefix.empty()) {
    size_t start = prefix.size() - 1;
    while (start > 0 && IsContinuation(prefix[start])) --start;
    uint32_t code = CodePoint(std::string_view(prefix).substr(start)) + 1;
    if (code == 0xd800) code = 0xe000;  // No character is a surrogate.
    prefix.resize(start);
    if (code <= kLast) return prefix + Encoded(code);
  }
  return std::nullopt;
}

}  // namespace

std::optional<PatternBounds> BoundsOfLike(std::string_view pattern) {
  PatternBounds bounds;
  size_t at = 0;
  for (; at < pattern.size() && pattern[at] != '%' && pattern[at] != '_'; ++at) {
    if (pattern[at] == '\\' && ++at == pattern.size()) return std::nullopt;
    bounds.lower += pattern[at];
  }
  if (bounds.lower.empty()) return std::nullopt;
  bounds.single = at == pattern.size();
  bounds.exact = pattern.find_first_not_of('%', at) == std::string_view::npos;
  if (!bounds.single) bounds.upper = After(bounds.lower);
  return bounds;
}

}  // namespace adbms::sql::default_planner
