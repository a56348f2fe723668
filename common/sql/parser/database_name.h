// Names of relations with a database in front of the schema.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
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

// Where the session's database is not known: a schema that there is nowhere for a name with one.
inline std::string SchemaOf(const PgQuery__RangeVar& range) {
  const std::string schema(View(range.schemaname));
  return View(range.catalogname).empty() ? schema : absl::StrCat(range.catalogname, ".", schema);
}

}  // namespace adbms::sql::parser
