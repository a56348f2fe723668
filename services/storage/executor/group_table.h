// Groups of rows with equal keys (NULL equals NULL), numbered by first appearance. When memory runs
// short it closes: rows of the groups that it has are still found, others are given no group and
// have to wait.
//
// Not thread-safe; lives no longer than the execution.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "services/storage/executor/operator.h"

namespace adbms::storage::executor {

class GroupTable {
 public:
  // `group_bytes` is what the owner keeps beside each group.
  GroupTable(ExecutionContext* context, std::vector<types::Type> key_types, size_t group_bytes);
  ~GroupTable() { Clear(); }
  GroupTable(const GroupTable&) = delete;
  GroupTable& operator=(const GroupTable&) = delete;

  // Whether it may close. Otherwise, and for its first groups, Assign fails where memory does.
  void SetMayClose(bool may_close) { may_close_ = may_close; }
  // The group of each row into `groups`, kNullRow for rows whose key is new after it has closed.
  // Errors: 53200.
  absl::Status Assign(const types::Batch& keys, std::vector<uint32_t>* groups);
  void Close() { closed_ = closed_ || may_close_; }
  bool closed() const { return closed_; }
  uint32_t size() const { return keys_.row_count; }
  // The keys of the groups `groups[0..count)`.
  types::Batch Keys(const uint32_t* groups, uint32_t count) const;
  void Clear();

 private:
  template <typename T>
  absl::Status AssignIntegers(const types::Batch& keys, std::vector<uint32_t>* groups);
  absl::Status AssignRows(const types::Batch& keys, std::vector<uint32_t>* groups);
  absl::Status AddKey(const types::Batch& keys, uint32_t row);
  // Whether a key of so many bytes may be added. Errors: 53200.
  absl::StatusOr<bool> Admit(size_t bytes);
  int64_t HeldBytes() const;
  absl::StatusOr<bool> CountHeld();

  ExecutionContext* const context_;
  const std::vector<types::Type> key_types_;
  const size_t group_bytes_;
  bool may_close_ = false;
  bool closed_ = false;
  std::unique_ptr<types::Arena> arena_;
  absl::flat_hash_map<int64_t, uint32_t> integers_;
  absl::flat_hash_map<std::string_view, uint32_t> strings_;  // Keys lie in arena_.
  uint32_t null_group_;
  types::Batch keys_;  // By group.
  int64_t text_bytes_ = 0;
  size_t uncounted_bytes_ = 0;
  int64_t reserved_ = 0;
};

}  // namespace adbms::storage::executor
