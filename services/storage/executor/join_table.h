// The rows of one side of a join by key, in memory.
//
// Once built, any number of threads may look things up.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/types/vector.h"

namespace adbms::storage::executor {

// Whether a key of the row is NULL: then it equals none.
bool AnyNull(const types::Batch& keys, uint32_t row);

class JoinTable {
 public:
  void Build(const types::Batch& keys);
  // The first row with the same key as row `row` of `keys`, the next one; kNullRow at the end.
  // `scratch` is the caller's, for as many calls as he likes.
  uint32_t First(const std::vector<const types::Vector*>& keys, uint32_t row,
                 std::string* scratch) const;
  uint32_t Next(uint32_t found) const { return next_[found]; }
  // What Build of these keys takes, the keys' own vectors included.
  static int64_t BytesFor(const types::Batch& keys);

 private:
  bool integer_ = false;
  absl::flat_hash_map<int64_t, uint32_t> integers_;
  absl::flat_hash_map<std::string, uint32_t> strings_;
  std::vector<uint32_t> next_;  // Rows with equal keys are chained.
};

}  // namespace adbms::storage::executor
