#include "services/storage/executor/counted_rows.h"

#include "common/status/macros.h"

namespace adbms::storage::executor {

namespace {

// Adds the tables all of whose rows the operator emits; false where it does something else.
absl::StatusOr<bool> AddCounted(const common::v1::Operator& input, const CompileScope* scope,
                                std::vector<const catalog::TableEntry*>* tables) {
  if (input.has_append() && input.append().conditions().empty()) {
    for (const common::v1::Operator& part : input.append().inputs()) {
      ASSIGN_OR_RETURN(const bool counted, AddCounted(part, scope, tables));
      if (!counted) return false;
    }
    return true;
  }
  if (input.has_seq_scan() && !input.seq_scan().has_filter() && !input.seq_scan().has_lock()) {
    ASSIGN_OR_RETURN(tables->emplace_back(), scope->Table(input.seq_scan().table_id()));
    return true;
  }
  if (!input.has_index_scan()) return false;
  // Read in whole, it has an entry for every row.
  const common::v1::IndexScan& scan = input.index_scan();
  if (scan.has_filter() || scan.has_lock() || scan.equal_size() > 0 || scan.any_of_size() > 0 ||
      scan.has_lower() || scan.has_upper() || scan.lower_inclusive() || scan.upper_inclusive()) {
    return false;
  }
  ASSIGN_OR_RETURN(const catalog::TableEntry* table, scope->Table(scan.table_id()));
  // A partial one has not, and one that is inverted may have many.
  const codec::IndexLayout* index = table->layout.FindIndex(scan.index_id());
  if (index != nullptr && (index->formula != nullptr || index->inverted())) return false;
  tables->push_back(table);
  return true;
}

}  // namespace

absl::StatusOr<std::vector<const catalog::TableEntry*>> CountedTables(
    const common::v1::Aggregate& aggregate, const CompileScope* scope) {
  std::vector<const catalog::TableEntry*> tables;
  if (aggregate.keys_size() > 0 || aggregate.aggregates_size() == 0) return tables;
  ASSIGN_OR_RETURN(const bool counted, AddCounted(aggregate.input(), scope, &tables));
  if (!counted) tables.clear();
  return tables;
}

bool IsCountOfRows(const common::v1::AggregateCall& call) {
  return call.function() == "count(*)" && call.arguments_size() == 0 && !call.distinct() &&
         !call.has_filter() && call.order_by_size() == 0;
}

absl::StatusOr<bool> EmitCount(const std::vector<const catalog::TableEntry*>& tables,
                               ExecutionContext* context, size_t columns, types::Batch* out) {
  int64_t rows = 0;
  for (const catalog::TableEntry* table : tables) {
    const uint32_t space = table->layout.storage_id;
    ASSIGN_OR_RETURN(const std::optional<int64_t> committed,
                     txn::ExactCounts::Read(context->ViewOf(space), space));
    if (!committed) return false;
    rows += *committed;
    if (context->transaction != nullptr) rows += context->transaction->UncommittedRows(space);
  }
  *out = types::Batch();
  out->row_count = 1;
  for (size_t i = 0; i < columns; ++i) {
    auto count = std::make_shared<types::Vector>(types::Type{types::TypeId::kInt8, 0});
    count->Resize(1);
    count->data<int64_t>()[0] = rows;
    out->columns.push_back(std::move(count));
  }
  return true;
}

}  // namespace adbms::storage::executor
