// The bytes by which rows are compared, in a buffer that is used again and counted where it is
// long.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/status/macros.h"
#include "services/storage/executor/row_batch.h"

namespace adbms::storage::executor {

// What an identity of more bytes takes is counted before it is made.
inline constexpr size_t kLongIdentity = 4096;

// At least the bytes of the row's identity; exact where no zeros are in strings.
inline size_t IdentityBytes(const std::vector<const types::Vector*>& columns, uint32_t row) {
  size_t bytes = 0;
  for (const types::Vector* column : columns) {
    bytes += 40;
    if (!column->has_strings() || column->is_null(row)) continue;
    const std::string_view text = column->string(row);
    bytes += text.size();
    if (text.size() > kLongIdentity)
      bytes += static_cast<size_t>(std::count(text.begin(), text.end(), '\0'));
  }
  return bytes;
}

// Not thread-safe; lives no longer than the execution.
class RowIdentity {
 public:
  explicit RowIdentity(MemoryBudget* memory) : memory_(memory) {}
  ~RowIdentity() { memory_->Release(counted_); }
  RowIdentity(const RowIdentity&) = delete;
  RowIdentity& operator=(const RowIdentity&) = delete;

  // The row's identity behind `prefix`, until the next call. Errors: 53200.
  absl::Status Set(const std::vector<const types::Vector*>& columns, uint32_t row,
                   std::string_view prefix = {}) {
    const auto bytes = static_cast<int64_t>(prefix.size() + IdentityBytes(columns, row));
    if (bytes > static_cast<int64_t>(kLongIdentity) && bytes > counted_) {
      // A new one: one that grows is there twice.
      std::string().swap(key_);
      memory_->Release(std::exchange(counted_, 0));
      RETURN_IF_ERROR(memory_->Reserve(bytes));
      counted_ = bytes;
      key_.reserve(static_cast<size_t>(bytes));
    }
    key_.assign(prefix);
    AppendRowIdentity(columns, row, &key_);
    return absl::OkStatus();
  }
  const std::string& key() const { return key_; }

 private:
  MemoryBudget* const memory_;
  std::string key_;
  int64_t counted_ = 0;
};

}  // namespace adbms::storage::executor
