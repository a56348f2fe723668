// The memory that one execution may hold: who keeps bytes for it asks here before taking them.
// Storage's account counts against query_memory_bytes; constant folding has a small one of its own.
// Thread-safe: what has been counted may be given back by another thread, later than the
// execution's end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"

namespace adbms::types {

class MemoryAccount {
 public:
  virtual ~MemoryAccount() = default;
  // Counts `bytes` if they fit; false, and nothing counted, otherwise.
  virtual bool Take(int64_t bytes) = 0;
  virtual void Give(int64_t bytes) = 0;
  // What to answer when Take said no: 53200 with what to do about it.
  virtual absl::Status Refusal() const = 0;
};
using MemoryAccountPtr = std::shared_ptr<MemoryAccount>;

// The longest string, PostgreSQL's: its MaxAllocSize less the header.
inline constexpr size_t kLargestText = 0x3fffffff - 4;
// 54000 for a value of `size` bytes.
absl::Status TooLong(uint64_t size);

}  // namespace adbms::types
