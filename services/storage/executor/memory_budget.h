// Memory of one execution, counted against the server's query_memory_bytes. Not thread-safe; the
// shared counter is.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "common/status/sql_error.h"
#include "common/types/vector.h"
#include "services/storage/txn/transaction.h"

namespace adbms::storage::executor {

class MemoryBudget {
 public:
  explicit MemoryBudget(txn::Shared* shared) : shared_(shared) {}
  ~MemoryBudget() { Release(used_); }
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // Whether `bytes` more fit; counts them if so.
  bool TryReserve(int64_t bytes) {
    const int64_t before = shared_->query_memory_used.fetch_add(bytes, std::memory_order_relaxed);
    if (before + bytes > shared_->query_memory_bytes.load(std::memory_order_relaxed)) {
      shared_->query_memory_used.fetch_sub(bytes, std::memory_order_relaxed);
      return false;
    }
    used_ += bytes;
    return true;
  }
  // Errors: 53200 naming the knob.
  absl::Status Reserve(int64_t bytes) {
    if (TryReserve(bytes)) return absl::OkStatus();
    shared_->query_memory_refusals.fetch_add(1, std::memory_order_relaxed);
    return status::Error(
        status::sqlstate::kOutOfMemory, "out of query memory",
        "The statement needs more than query_memory_bytes allows.",
        "Raise the knob query_memory_bytes, or make the statement handle fewer rows at once.");
  }
  void Release(int64_t bytes) {
    shared_->query_memory_used.fetch_sub(bytes, std::memory_order_relaxed);
    used_ -= bytes;
  }

 private:
  txn::Shared* const shared_;
  int64_t used_ = 0;
};

// About what a batch takes.
int64_t MemoryOf(const types::Batch& batch);

}  // namespace adbms::storage::executor
