// The entries that stored rows have in an index. Immutable and thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/status/macros.h"
#include "services/storage/codec/indexed_rows.h"
#include "services/storage/executor/table_scan.h"
#include "services/storage/txn/constraint_errors.h"

namespace adbms::storage::server {

inline constexpr size_t kSpaceBytes = 4;  // Of every key.

class IndexEntries {
 public:
  struct Entry : codec::IndexEntry {
    std::string_view row_suffix;  // The row's key without its space.
    uint32_t row = 0;             // In the batch.
  };

  // Borrows both.
  static absl::StatusOr<IndexEntries> Make(const catalog::TableEntry* table,
                                           const codec::IndexLayout* index);

  // What rows are read with: the columns that entries are made of.
  const executor::ScanColumns& columns() const { return columns_; }

  // Calls `visit` with each entry of each row; it may be changed, and does not outlast the call.
  // Errors: 54000 for a key that is too long; those of `visit`.
  template <typename Visit>
  absl::Status ForEach(const types::Batch& rows, Visit visit) const {
    const std::vector<const types::Vector*> columns = ByOrdinal(rows);
    const std::string_view* row_keys = rows.columns.back()->data<std::string_view>();
    codec::IndexedRows indexed(&table_->layout, index_);
    RETURN_IF_ERROR(indexed.ReadAll(columns, rows.row_count));
    Entry entry;
    for (uint32_t i = 0; i < indexed.count(); ++i) {
      entry.row = indexed.source(i);
      entry.row_suffix = row_keys[entry.row].substr(kSpaceBytes);
      RETURN_IF_ERROR(indexed.ForEachEntry(
          i, entry.row_suffix, &entry, [&](const codec::IndexEntry&) -> absl::Status {
            RETURN_IF_ERROR(txn::CheckKeySize(entry.key, index_->name));
            return visit(entry);
          }));
    }
    return absl::OkStatus();
  }

  // 23505: the key of this row is another's too.
  absl::Status Duplicate(const types::Batch& rows, uint32_t row) const;

 private:
  std::vector<const types::Vector*> ByOrdinal(const types::Batch& rows) const;

  const catalog::TableEntry* table_ = nullptr;
  const codec::IndexLayout* index_ = nullptr;
  executor::ScanColumns columns_;
};

}  // namespace adbms::storage::server
