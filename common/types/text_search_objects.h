// Text search configurations and dictionaries: those of pg_catalog, which are all there are. Their
// numbers are PostgreSQL 15's. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/types/type.h"

namespace adbms::types {

inline constexpr uint32_t kDefaultTextSearchParser = 3722;
inline constexpr uint32_t kSimpleDictionary = 3765;
inline constexpr uint32_t kEnglishDictionary = 13163;
inline constexpr uint32_t kEnglishConfiguration = 13164;

struct TextSearchDictionary {
  uint32_t oid;
  const char* name;
  // Of its Snowball stemmer; empty: words are only put in lower case.
  const char* language;
};

struct TextSearchConfiguration {
  uint32_t oid;
  const char* name;
  // For words of ASCII letters, and for those with other letters. All else goes to `simple`.
  uint32_t ascii_dictionary;
  uint32_t word_dictionary;
};

std::span<const TextSearchDictionary> TextSearchDictionaries();
std::span<const TextSearchConfiguration> TextSearchConfigurations();
// Null: there is none.
const TextSearchDictionary* FindTextSearchDictionary(uint32_t oid);
const TextSearchConfiguration* FindTextSearchConfiguration(uint32_t oid);

// Whether the type is regconfig or regdictionary.
inline constexpr bool NamesTextSearch(TypeId id) {
  return id == TypeId::kRegconfig || id == TypeId::kRegdictionary;
}
// A name, with pg_catalog before it or not, or a number. Errors: 42704; 0A000 for what PostgreSQL
// has and we do not. REQUIRES: NamesTextSearch(id).
absl::StatusOr<uint32_t> ParseTextSearchObject(std::string_view text, TypeId id);
// The name; the number of what has none.
std::string FormatTextSearchObject(uint32_t oid, TypeId id);

}  // namespace adbms::types
