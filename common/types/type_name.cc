#include "common/types/type_name.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"

namespace adbms::types {

std::optional<TypeId> FromSqlName(std::string_view text) {
  // First as it is: "char" keeps its quotes.
  const std::optional<TypeId> plain = FromName(absl::AsciiStrToLower(std::string(text)));
  if (plain.has_value()) return plain;
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      const bool doubled = quoted && i + 1 < text.size() && text[i + 1] == '"';
      if (!doubled) {
        quoted = !quoted;
        continue;
      }
      ++i;
    } else if (text[i] == '.' && !quoted) {
      parts.emplace_back();
      continue;
    }
    parts.back().push_back(quoted ? text[i] : absl::ascii_tolower(text[i]));
  }
  const bool known = parts.size() == 1 || (parts.size() == 2 && parts[0] == "pg_catalog");
  return known && !quoted ? FromName(parts.back()) : std::nullopt;
}

std::string_view PseudoTypeName(uint32_t oid) {
  switch (oid) {
    case 2249:
      return "record";
    case 2275:
      return "cstring";
    case 2276:
      return "\"any\"";
    case 2277:
      return "anyarray";
    case 2279:
      return "trigger";
    case 2283:
      return "anyelement";
    case 5077:
      return "anycompatible";
    case 5078:
      return "anycompatiblearray";
    default:
      return {};
  }
}

}  // namespace adbms::types
