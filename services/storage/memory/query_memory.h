// The memory of all running statements of a server, together: sorts, hashes, rows that are kept.
//
// Who finds none waits for what others give back, for a bounded time; unless all who hold some wait
// too, for then nobody would give anything back. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/rpc/call_context.h"

namespace adbms::storage::memory {

class QueryMemory {
 public:
  // How long anybody waits.
  static constexpr absl::Duration kPatience = absl::Seconds(10);

  int64_t limit() const { return limit_.load(std::memory_order_relaxed); }
  void SetLimit(int64_t bytes);
  int64_t used() const { return used_.load(std::memory_order_relaxed); }
  // Statements that were refused memory.
  uint64_t refusals() const { return refusals_.load(std::memory_order_relaxed); }
  void CountRefusal() { refusals_.fetch_add(1, std::memory_order_relaxed); }

  // Threads that wait for memory now.
  int waiting() const { return waiting_.load(std::memory_order_relaxed); }

  // Takes `bytes` if they fit.
  bool Take(int64_t bytes);
  // Waits until `attempt`, which takes what it needs if there is room, has answered true, and
  // returns whether it has. It is called again when somebody has given something back; no longer
  // than until `call` (null: nobody's) is cancelled. `holds`: whether the caller is a holder.
  bool Await(const std::function<bool()>& attempt, bool holds, const rpc::CallContext* call);
  void Give(int64_t bytes);
  // Notes one more who holds memory, or one less.
  void AddHolder() { holders_.fetch_add(1, std::memory_order_relaxed); }
  void RemoveHolder();

 private:
  void Wake();

  std::atomic<int64_t> limit_{int64_t{256} << 20};
  std::atomic<int64_t> used_{0};
  std::atomic<uint64_t> refusals_{0};
  std::atomic<int> holders_{0};
  std::atomic<int> waiting_{0};
  absl::Mutex mutex_;
  absl::CondVar changed_;
  int waiting_holders_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace adbms::storage::memory
