#include "services/storage/executor/counted_rows.h"

#include "common/status/macros.h"

namespace adbms::storage::executor {

absl::StatusOr<const catalog::TableEntry*> CountedTable(const common::v1::Aggregate& aggregate,
                                                        const CompileScope* scope) {
  if (aggregate.keys_size() > 0 || aggregate.aggregates_size() == 0) return nullptr;
  const common::v1::Operator& input = aggregate.input();
  uint32_t table_id = 0;
  if (input.has_seq_scan() && !input.seq_scan().has_filter() && !input.seq_scan().has_lock()) {
    table_id = input.seq_scan().table_id();
  } else if (input.has_index_scan()) {
    // Read in whole, it has an entry for every row.
    const common::v1::IndexScan& scan = input.index_scan();
    if (scan.has_filter() || scan.has_lock() || scan.equal_size() > 0 || scan.any_of_size() > 0 ||
        scan.has_lower() || scan.has_upper() || scan.lower_inclusive() || scan.upper_inclusive()) {
      return nullptr;
    }
    ASSIGN_OR_RETURN(const catalog::TableEntry* table, scope->Table(scan.table_id()));
    // A partial one has not.
    const codec::IndexLayout* index = table->layout.FindIndex(scan.index_id());
    if (index != nullptr && index->formula != nullptr) return nullptr;
    return table;
  } else {
    return nullptr;
  }
  return scope->Table(table_id);
}

bool IsCountOfRows(const common::v1::AggregateCall& call) {
  return call.function() == "count(*)" && call.arguments_size() == 0 && !call.distinct() &&
         !call.has_filter() && call.order_by_size() == 0;
}

absl::StatusOr<bool> EmitCount(const catalog::TableEntry& table, ExecutionContext* context,
                               size_t columns, types::Batch* out) {
  const uint32_t space = table.layout.storage_id;
  ASSIGN_OR_RETURN(const std::optional<int64_t> committed,
                   txn::ExactCounts::Read(context->ViewOf(space), space));
  if (!committed) return false;
  const int64_t own =
      context->transaction == nullptr ? 0 : context->transaction->UncommittedRows(space);
  *out = types::Batch();
  out->row_count = 1;
  for (size_t i = 0; i < columns; ++i) {
    auto count = std::make_shared<types::Vector>(types::Type{types::TypeId::kInt8, 0});
    count->Resize(1);
    count->data<int64_t>()[0] = *committed + own;
    out->columns.push_back(std::move(count));
  }
  return true;
}

}  // namespace adbms::storage::executor
