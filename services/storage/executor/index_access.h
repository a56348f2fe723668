// From index entries to rows: shared by index scans and lookup joins.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "services/storage/executor/table_scan.h"

namespace adbms::storage::executor {

// How a scan over one index (or the primary key) yields its columns. Immutable.
class IndexAccess {
 public:
  // `index_only` is honoured when the entries hold all the columns. Errors: ADB01,
  // INVALID_ARGUMENT.
  static absl::StatusOr<std::unique_ptr<IndexAccess>> Make(const catalog::TableEntry* table,
                                                           uint32_t index_id,
                                                           std::vector<uint32_t> ordinals,
                                                           bool index_only);

  // Errors: INVALID_ARGUMENT for an inverted index, which has no order of keys.
  absl::Status CheckOrdered() const;

  bool primary() const { return index_ == nullptr; }
  const codec::IndexLayout* index() const { return index_; }
  const ScanColumns& columns() const { return columns_; }
  bool index_only() const { return index_only_; }
  bool unique() const { return primary() || index_->unique; }
  const std::vector<codec::KeyColumn>& key() const {
    return primary() ? columns_.table().layout.primary_key_columns : index_->key;
  }
  uint32_t space() const {
    return primary() ? columns_.table().layout.storage_id : index_->index_id;
  }
  // A secondary index's entry into the sink. REQUIRES: index_only().
  absl::Status AddEntry(std::string_view key, std::string_view value, RowSink* sink) const;
  // Row key of an entry of a secondary index. Errors: XX001.
  absl::Status AppendRowKey(std::string_view key, std::string_view value, std::string* out) const;
  // Adds the rows with these keys, those that exist, in order; `sources[i]` is noted for each added
  // row.
  absl::Status FetchRows(const txn::ReadView& view, const std::vector<std::string>& row_keys,
                         const std::vector<uint32_t>& sources, RowSink* sink,
                         std::vector<uint32_t>* added) const;

 private:
  bool PlanEntryDecoding();

  const codec::IndexLayout* index_ = nullptr;
  ScanColumns columns_;
  bool index_only_ = false;
  // Index-only: output position for each key column, for each primary-key column of the suffix, -1:
  // none.
  std::vector<int> key_outputs_;
  std::vector<int> suffix_outputs_;
  std::vector<uint32_t> value_outputs_;
  codec::RowDecoder value_decoder_;
  std::vector<types::Value> no_missing_;
};

}  // namespace adbms::storage::executor
