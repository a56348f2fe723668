// count(*) of a whole table, from its counter (txn/exact_counts.h) instead of its rows.
#pragma once

#include "services/storage/executor/operator.h"

namespace adbms::storage::executor {

// The table of which an aggregation without groups takes all rows, as they are; null: of none.
// Errors: kStalePlan for a table that is gone.
absl::StatusOr<const catalog::TableEntry*> CountedTable(const common::v1::Aggregate& aggregate,
                                                        const CompileScope* scope);

// Whether the call is count(*), and no more.
bool IsCountOfRows(const common::v1::AggregateCall& call);

// One row with the table's count in each of `columns` bigint columns; false where the count is not
// known.
absl::StatusOr<bool> EmitCount(const catalog::TableEntry& table, ExecutionContext* context,
                               size_t columns, types::Batch* out);

}  // namespace adbms::storage::executor
