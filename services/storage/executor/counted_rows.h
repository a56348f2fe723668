// count(*) of whole tables, from their counters (txn/exact_counts.h) instead of their rows.
#pragma once

#include <vector>

#include "services/storage/executor/operator.h"

namespace adbms::storage::executor {

// The tables of which an aggregation without groups takes all rows, as they are: one, or those of
// an Append. None: it takes something else. Errors: kStalePlan for a table that is gone.
absl::StatusOr<std::vector<const catalog::TableEntry*>> CountedTables(
    const common::v1::Aggregate& aggregate, const CompileScope* scope);

// Whether the call is count(*), and no more.
bool IsCountOfRows(const common::v1::AggregateCall& call);

// One row with the tables' count in each of `columns` bigint columns; false where the count is not
// known.
absl::StatusOr<bool> EmitCount(const std::vector<const catalog::TableEntry*>& tables,
                               ExecutionContext* context, size_t columns, types::Batch* out);

}  // namespace adbms::storage::executor
