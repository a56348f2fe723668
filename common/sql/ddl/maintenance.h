// REINDEX and CLUSTER, which have nothing to do: indexes are always what they would be if they were
// made anew, and rows lie in the order of their primary key.
#pragma once

#include "absl/status/status.h"
#include "common/sql/parser/parse_tree.h"
#include "common/sql/sql.h"

namespace adbms::sql::ddl {

// Errors: 42P01, 42809, 3F000, 0A000.
absl::Status CheckReindex(const PgQuery__ReindexStmt& reindex, const PlanningInput& input);
// Errors: 42P01, 42704; 0A000 for an index that rows do not lie in the order of.
absl::Status CheckCluster(const PgQuery__ClusterStmt& cluster, const PlanningInput& input);

}  // namespace adbms::sql::ddl
