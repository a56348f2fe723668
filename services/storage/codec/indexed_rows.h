// Rows as an index sees them: those that have entries, with the values of its expressions behind
// their columns. One for each writer of an index. Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "common/status/macros.h"
#include "services/storage/codec/index_items.h"
#include "services/storage/codec/table_layout.h"

namespace adbms::storage::codec {

struct IndexEntry {
  std::string key;
  std::string value;
  bool has_suffix = false;  // The key ends in the row's: no other row can have the same.
};

class IndexedRows {
 public:
  // Borrows both, of which the index is one of the layout's.
  IndexedRows(const TableLayout* layout, const IndexLayout* index)
      : layout_(layout), index_(index) {}

  // Looks at `count` rows of `columns` (by ordinal), which stay until the next call. Errors: those
  // of evaluating the index's expressions.
  absl::Status Read(Columns columns, const uint32_t* rows, uint32_t count);
  absl::Status Read(Columns columns, uint32_t row) { return Read(columns, &row, 1); }
  // All of the first `row_count` rows.
  absl::Status ReadAll(Columns columns, uint32_t row_count);

  // How many of them have entries: those for which its predicate is true.
  uint32_t count() const { return static_cast<uint32_t>(sources_.size()); }
  // The row among those that were read, at this position among those.
  uint32_t source(uint32_t position) const { return sources_[position]; }
  // What IndexLayout makes entries of, with row(position).
  Columns columns() const { return columns_; }
  uint32_t row(uint32_t position) const { return gathered_ ? position : sources_[position]; }
  // Calls `visit` with each entry of the row at this position: one, or of an inverted index one an
  // item. `entry` is where they are made.
  template <typename Visit>
  absl::Status ForEachEntry(uint32_t position, std::string_view row_suffix, IndexEntry* entry,
                            Visit visit) const {
    entry->value.clear();
    if (!index_->inverted()) {
      entry->key.clear();
      index_->AppendEntryKey(columns_, row(position), row_suffix, &entry->key, &entry->has_suffix);
      index_->AppendEntryValue(columns_, row(position), row_suffix, entry->has_suffix,
                               &entry->value);
      return visit(*entry);
    }
    entry->has_suffix = true;
    index_->AppendEntryValue(columns_, row(position), row_suffix, true, &entry->value);
    for (const std::string& item : ItemsOf(*index_, columns_, row(position))) {
      entry->key.clear();
      index_->AppendItemKey(item, row_suffix, &entry->key);
      RETURN_IF_ERROR(visit(*entry));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Evaluate(Columns columns);

  const TableLayout* layout_;
  const IndexLayout* index_;
  std::vector<uint32_t> sources_;
  Columns columns_;
  bool gathered_ = false;
  types::Batch batch_;  // Columns that nobody needs are null.
  std::vector<const types::Vector*> pointers_;
  std::vector<types::Value> no_parameters_;
};

}  // namespace adbms::storage::codec
