#include "services/storage/executor/table_scan.h"

#include "common/status/macros.h"
#include "common/status/sql_error.h"
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
  for (const types::VectorPtr& column : batch_.columns) all_.push_back(column.get());
  for (uint32_t position : columns_->stored_positions()) stored_.push_back(all_[position]);
  count_ = 0;
  capacity_ = capacity;
}

absl::Status RowSink::Add(std::string_view key, std::string_view value) {
  RETURN_IF_ERROR(columns_->decoder().Decode(value, count_, stored_.data()));
  for (uint32_t position : columns_->key_positions()) {
    all_[position]->data<std::string_view>()[count_] = all_[position]->arena()->Add(key);
  }
  ++count_;
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

absl::StatusOr<RowLock> MakeRowLock(const common::v1::RowLock& lock) {
  RowLock result;
  switch (lock.strength()) {
    case common::v1::ROW_LOCK_STRENGTH_KEY_SHARE:
      result.mode = txn::LockMode::kForKeyShare;
      break;
    case common::v1::ROW_LOCK_STRENGTH_SHARE:
      result.mode = txn::LockMode::kForShare;
      break;
    case common::v1::ROW_LOCK_STRENGTH_NO_KEY_UPDATE:
      result.mode = txn::LockMode::kForNoKeyUpdate;
      break;
    case common::v1::ROW_LOCK_STRENGTH_UPDATE:
      result.mode = txn::LockMode::kForUpdate;
      break;
    default:
      return absl::InvalidArgumentError("malformed plan: a row lock without strength");
  }
  result.wait = lock.wait();
  return result;
}

absl::Status LockRows(ExecutionContext* context, const ScanColumns& columns, const RowLock& lock,
                      uint32_t key_column,
                      const sql::expression::CompiledExpression* filter, types::Batch* batch) {
  if (batch->row_count == 0) return absl::OkStatus();
  const types::VectorPtr keys = batch->columns[key_column];
  txn::Transaction* const transaction = context->transaction;
  RowSink sink(&columns);
  sink.Start(batch->row_count);
  for (uint32_t i = 0; i < batch->row_count; ++i) {
    const std::string_view key = keys->data<std::string_view>()[i];
    engine::PinnableSlice value;
    bool found = false;
    if (lock.wait == common::v1::ROW_LOCK_WAIT_UNSPECIFIED) {
      RETURN_IF_ERROR(transaction->LockRow(*context->call, key, lock.mode, /*validate=*/true,
                                           &value, &found));
    } else {
      bool locked = false;
      RETURN_IF_ERROR(
          transaction->TryLockRow(key, lock.mode, /*validate=*/true, &value, &found, &locked));
      if (!locked && lock.wait == common::v1::ROW_LOCK_WAIT_NOWAIT) {
        return status::Error(status::sqlstate::kLockNotAvailable,
                             "could not obtain lock on row in relation \"" +
                                 columns.table().descriptor.name() + "\"");
      }
      if (!locked) continue;
    }
    if (found) RETURN_IF_ERROR(sink.Add(key, engine::ToView(value)));
  }
  *batch = sink.Finish();
  if (filter == nullptr || batch->row_count == 0) return absl::OkStatus();
  std::vector<uint32_t> selection;
  RETURN_IF_ERROR(filter->Select(context->state, *batch, &selection));
  *batch = types::Gather(*batch, selection.data(), static_cast<uint32_t>(selection.size()));
  return absl::OkStatus();
}

}  // namespace adbms::storage::executor
