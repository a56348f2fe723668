// Relations that a statement names with their database, as in ANALYZE shop.public.orders.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "common/sql/sql.h"

namespace adbms::sql {

// For statements that are not bound, which check their names themselves. Errors: 0A000 for another
// database than the session's.
absl::Status CheckDatabases(const Statement& statement, const std::string& database);

}  // namespace adbms::sql
