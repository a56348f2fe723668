#include "services/storage/executor/join_table.h"

#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/row_identity.h"

namespace adbms::storage::executor {
namespace {

using types::Physical;

bool IsIntegral(Physical physical) {
  return physical == Physical::kInt16 || physical == Physical::kInt32 ||
         physical == Physical::kInt64;
}

int64_t IntegerAt(const types::Vector& vector, uint32_t row) {
  switch (vector.physical()) {
    case Physical::kInt16:
      return vector.data<int16_t>()[row];
    case Physical::kInt32:
      return vector.data<int32_t>()[row];
    default:
      return vector.data<int64_t>()[row];
  }
}

}  // namespace

bool AnyNull(const types::Batch& keys, uint32_t row) {
  for (const types::VectorPtr& column : keys.columns) {
    if (column->is_null(row)) return true;
  }
  return false;
}

void JoinTable::Build(const types::Batch& keys) {
  next_.assign(keys.row_count, kNullRow);
  integer_ = keys.columns.size() == 1 && IsIntegral(keys.columns[0]->physical());
  if (integer_) {
    integers_.reserve(keys.row_count);
  } else {
    strings_.reserve(keys.row_count);
  }
  const std::vector<const types::Vector*> columns = Pointers(keys);
  for (uint32_t i = keys.row_count; i-- > 0;) {  // Backwards, so that chains run forwards.
    if (AnyNull(keys, i)) continue;
    uint32_t* head = nullptr;
    if (integer_) {
      head = &integers_.try_emplace(IntegerAt(*columns[0], i), kNullRow).first->second;
    } else {
      std::string key;
      AppendRowIdentity(columns, i, &key);
      head = &strings_.try_emplace(std::move(key), kNullRow).first->second;
    }
    next_[i] = *head;
    *head = i;
  }
}

uint32_t JoinTable::First(const std::vector<const types::Vector*>& keys, uint32_t row,
                          std::string* scratch) const {
  if (integer_) {
    const auto it = integers_.find(IntegerAt(*keys[0], row));
    return it == integers_.end() ? kNullRow : it->second;
  }
  scratch->clear();
  if (scratch->capacity() > kLongIdentity)
    std::string().swap(*scratch);  // Would double as it grows.
  AppendRowIdentity(keys, row, scratch);
  const auto it = strings_.find(*scratch);
  return it == strings_.end() ? kNullRow : it->second;
}

int64_t JoinTable::BytesFor(const types::Batch& keys) {
  int64_t bytes = MemoryOf(keys);
  for (const types::VectorPtr& column : keys.columns) {
    bytes += keys.row_count * int64_t{48};
    if (!column->has_strings()) continue;
    for (uint32_t row = 0; row < keys.row_count; ++row) {
      if (column->is_null(row)) continue;
      const size_t size = column->string(row).size();
      bytes += size > 12 ? static_cast<int64_t>(size) + 16 : 0;
    }
  }
  return bytes;
}

}  // namespace adbms::storage::executor
