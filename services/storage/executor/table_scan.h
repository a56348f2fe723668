// Decoding stored rows of a table into batches: what all scans share.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "services/storage/executor/operator.h"

namespace adbms::storage::executor {

// Which columns of a table a scan emits. Immutable.
class ScanColumns {
 public:
  // Ordinal UINT32_MAX: the row's key. Errors: INVALID_ARGUMENT for an unknown ordinal.
  static absl::StatusOr<ScanColumns> Make(const catalog::TableEntry* table,
                                          std::vector<uint32_t> ordinals);

  const catalog::TableEntry& table() const { return *table_; }
  const std::vector<uint32_t>& ordinals() const { return ordinals_; }
  const std::vector<types::Type>& types() const { return types_; }
  // The stored columns, without row keys.
  const codec::RowDecoder& decoder() const { return decoder_; }
  const std::vector<uint32_t>& key_positions() const { return key_positions_; }
  const std::vector<uint32_t>& stored_positions() const { return stored_positions_; }

 private:
  const catalog::TableEntry* table_ = nullptr;
  std::vector<uint32_t> ordinals_;
  std::vector<types::Type> types_;
  codec::RowDecoder decoder_;
  std::vector<uint32_t> key_positions_;     // Output positions of the row key.
  std::vector<uint32_t> stored_positions_;  // Output positions of decoder_'s columns.
};

// Fills one batch with decoded rows.
class RowSink {
 public:
  // Counts the rows' strings with `account`; null: nobody does.
  explicit RowSink(const ScanColumns* columns, types::MemoryAccountPtr account = nullptr)
      : columns_(columns), account_(std::move(account)) {}
  // A new batch of at most `capacity` rows.
  void Start(uint32_t capacity);
  // Adds a row. REQUIRES: count() < capacity.
  absl::Status Add(std::string_view key, std::string_view value);
  uint32_t count() const { return count_; }
  uint32_t capacity() const { return capacity_; }
  // Whether the rows so far are so long that they should be a batch of their own.
  bool heavy() const { return bytes_ > kHeavyBytes; }
  const std::vector<types::Vector*>& vectors() const { return all_; }
  void Skip() { ++count_; }  // The caller has filled row count() itself.
  types::Batch Finish();

 private:
  static constexpr size_t kHeavyBytes = 4 << 20;

  const ScanColumns* const columns_;
  const types::MemoryAccountPtr account_;
  types::Batch batch_;
  std::vector<types::Vector*> all_;
  std::vector<types::Vector*> stored_;
  uint32_t count_ = 0;
  uint32_t capacity_ = 0;
  size_t bytes_ = 0;
};

}  // namespace adbms::storage::executor
