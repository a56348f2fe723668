#include "services/storage/executor/table_scan.h"

#include "common/status/macros.h"
#include "services/storage/executor/row_batch.h"

namespace adbms::storage::executor {

absl::StatusOr<ScanColumns> ScanColumns::Make(const catalog::TableEntry* table,
                                              std::vector<uint32_t> ordinals) {
  ScanColumns result;
  result.table_ = table;
  std::vector<uint32_t> stored;
  for (uint32_t i = 0; i < ordinals.size(); ++i) {
    if (ordinals[i] == codec::kRowKeyOrdinal) {
      result.types_.push_back({types::TypeId::kBytea, 0});
      result.key_positions_.push_back(i);
      continue;
    }
    if (ordinals[i] >= table->layout.types.size()) {
      return absl::InvalidArgumentError("malformed plan: no such column");
    }
    result.types_.push_back(table->layout.types[ordinals[i]]);
    result.stored_positions_.push_back(i);
    stored.push_back(ordinals[i]);
  }
  result.ordinals_ = std::move(ordinals);
  result.decoder_ =
      codec::RowDecoder(&table->layout.row, std::move(stored), &table->layout.missing);
  return result;
}

void RowSink::Start(uint32_t capacity) {
  batch_ = NewBatch(columns_->types(), capacity);
  all_.clear();
  stored_.clear();
  for (const types::VectorPtr& column : batch_.columns) {
    if (types::MayHaveStrings(column->physical())) column->CountStrings(account_);
    all_.push_back(column.get());
  }
  for (uint32_t position : columns_->stored_positions()) stored_.push_back(all_[position]);
  count_ = 0;
  bytes_ = 0;
  capacity_ = capacity;
}

absl::Status RowSink::Add(std::string_view key, std::string_view value) {
  RETURN_IF_ERROR(columns_->decoder().Decode(value, count_, stored_.data()));
  for (uint32_t position : columns_->key_positions()) {
    all_[position]->data<std::string_view>()[count_] = all_[position]->arena()->Add(key);
  }
  ++count_;
  bytes_ += value.size();
  return absl::OkStatus();
}

types::Batch RowSink::Finish() {
  if (count_ != capacity_) {
    for (types::Vector* vector : all_) vector->Resize(count_);
  }
  batch_.row_count = count_;
  all_.clear();
  stored_.clear();
  return std::move(batch_);
}

}  // namespace adbms::storage::executor
