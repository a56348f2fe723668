// Names of relations with a database in front of the schema.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/parser/parse_tree.h"
#include "common/status/sql_error.h"

namespace adbms::sql::parser {

// Errors: 0A000 for another database than the session's.
inline absl::Status CheckDatabase(const std::string& named, const std::string& schema,
                                  const std::string& relation, const std::string& database) {
  if (named.empty() || named == database) return absl::OkStatus();
  return status::Error(status::sqlstate::kFeatureNotSupported,
                       absl::StrCat("cross-database references are not implemented: \"", named, ".",
                                    schema, ".", relation, "\""));
}
inline absl::Status CheckDatabase(const PgQuery__RangeVar& range, const std::string& database) {
  return CheckDatabase(std::string(View(range.catalogname)), std::string(View(range.schemaname)),
                       std::string(View(range.relname)), database);
}

// The same of dotted names, of which the last `own` are a schema's object: a function or a type, or
// a relation and its column. Errors: 0A000; 42601 for still more names.
inline absl::Status CheckDatabase(const std::vector<std::string>& names, size_t own,
                                  const std::string& database) {
  if (names.size() < own + 2 || (names.size() == own + 2 && names[0] == database))
    return absl::OkStatus();
  const bool too_many = names.size() > own + 2;
  return status::Error(
      too_many ? status::sqlstate::kSyntaxError : status::sqlstate::kFeatureNotSupported,
      absl::StrCat(too_many ? "improper qualified name (too many dotted names): "
                            : "cross-database references are not implemented: ",
                   absl::StrJoin(names, ".")));
}

}  // namespace adbms::sql::parser
