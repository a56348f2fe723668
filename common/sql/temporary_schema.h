// Schemas of temporary objects. Each session that has made one has a schema pg_temp_N, first in its
// search path unless that names pg_temp itself; what is in it goes with the session.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace adbms::sql {

// What a session calls its own.
inline constexpr std::string_view kTemporaryAlias = "pg_temp";
inline constexpr std::string_view kTemporaryPrefix = "pg_temp_";

// Whether it is the schema of some session's temporary objects, or the alias of one's own.
inline bool IsTemporarySchema(std::string_view schema) {
  return schema == kTemporaryAlias ||
         (schema.size() > kTemporaryPrefix.size() && schema.starts_with(kTemporaryPrefix) &&
          std::all_of(schema.begin() + kTemporaryPrefix.size(), schema.end(),
                      [](char c) { return c >= '0' && c <= '9'; }));
}

// The session's own among the schemas of its search path; the alias while it has none.
inline std::string_view TemporarySchemaOf(const std::vector<std::string>& search_path) {
  for (const std::string& schema : search_path) {
    if (schema != kTemporaryAlias && IsTemporarySchema(schema)) return schema;
  }
  return kTemporaryAlias;
}

// Whether it is a temporary schema of another session than the one with this search path.
inline bool IsOtherTemporarySchema(std::string_view schema,
                                   const std::vector<std::string>& search_path) {
  return schema != kTemporaryAlias && IsTemporarySchema(schema) &&
         schema != TemporarySchemaOf(search_path);
}

}  // namespace adbms::sql
