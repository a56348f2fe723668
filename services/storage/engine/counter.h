// Counters in the data: numbers that writes add to without reading them, so that additions of many
// commits to one number neither wait for nor fail each other. Added up by RocksDB when read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rocksdb/merge_operator.h"

namespace adbms::storage::engine {

struct Counter {
  int64_t value = 0;
  // Whether it was counted from the beginning; additions alone are not.
  bool complete = false;

  // Sums add up, wrapping; complete when one of them is.
  friend Counter operator+(const Counter& a, const Counter& b) {
    return {static_cast<int64_t>(static_cast<uint64_t>(a.value) + static_cast<uint64_t>(b.value)),
            a.complete || b.complete};
  }
  friend bool operator==(const Counter&, const Counter&) = default;
};

// Nine bytes: 1 when complete, then the value, little endian.
std::string EncodeCounter(const Counter& counter);
// Nothing for anything else.
std::optional<Counter> DecodeCounter(std::string_view bytes);

// Merges encoded counters by adding them.
std::shared_ptr<rocksdb::MergeOperator> CounterMergeOperator();

}  // namespace adbms::storage::engine
