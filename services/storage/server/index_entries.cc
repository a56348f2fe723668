#include "services/storage/server/index_entries.h"

#include <set>

#include "services/storage/codec/index_formula.h"
#include "services/storage/server/table_rewrite.h"

namespace adbms::storage::server {

absl::StatusOr<IndexEntries> IndexEntries::Make(const catalog::TableEntry* table,
                                                const codec::IndexLayout* index) {
  IndexEntries entries;
  entries.table_ = table;
  entries.index_ = index;
  std::set<uint32_t> needed(index->columns.begin(), index->columns.end());
  needed.erase(needed.lower_bound(static_cast<uint32_t>(table->layout.types.size())), needed.end());
  if (index->formula != nullptr)
    needed.insert(index->formula->columns().begin(), index->formula->columns().end());
  needed.insert(index->value_columns.begin(), index->value_columns.end());
  std::vector<uint32_t> ordinals(needed.begin(), needed.end());
  ordinals.push_back(codec::kRowKeyOrdinal);
  ASSIGN_OR_RETURN(entries.columns_, executor::ScanColumns::Make(table, std::move(ordinals)));
  return entries;
}

std::vector<const types::Vector*> IndexEntries::ByOrdinal(const types::Batch& rows) const {
  std::vector<const types::Vector*> columns(table_->layout.types.size(), nullptr);
  const std::vector<uint32_t>& ordinals = columns_.ordinals();
  for (size_t i = 0; i < ordinals.size(); ++i) {
    if (ordinals[i] != codec::kRowKeyOrdinal) columns[ordinals[i]] = rows.columns[i].get();
  }
  return columns;
}

absl::Status IndexEntries::Duplicate(const types::Batch& rows, uint32_t row) const {
  codec::IndexedRows indexed(&table_->layout, index_);
  const std::vector<const types::Vector*> columns = ByOrdinal(rows);
  RETURN_IF_ERROR(indexed.Read(columns, row));
  if (indexed.count() == 0) return absl::InternalError("a row without an entry is no duplicate");
  return DuplicateInIndex(*table_, index_->name, index_->columns, indexed.columns(),
                          indexed.row(0));
}

}  // namespace adbms::storage::server
