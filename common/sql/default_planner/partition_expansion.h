// What a scan of a partitioned table is: the scans of the partitions that may have rows which its
// conditions ask for, one after the other; and what `tableoid` is of each table.
#pragma once

#include "absl/status/status.h"
#include "common/sql/plan/logical.h"
#include "common/sql/sql.h"

namespace adbms::sql::default_planner {

// The last of all rewriting: conditions stand where they are evaluated, columns that nobody reads
// are gone. Errors: INTERNAL for a catalog without one of the partitions.
absl::Status ExpandPartitions(const Catalog& catalog, plan::Query* query);

}  // namespace adbms::sql::default_planner
