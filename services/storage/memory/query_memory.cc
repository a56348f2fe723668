#include "services/storage/memory/query_memory.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace adbms::storage::memory {
namespace {

// How often one who waits looks whether its statement was cancelled.
constexpr absl::Duration kLookAround = absl::Milliseconds(50);

}  // namespace

void QueryMemory::SetLimit(int64_t bytes) {
  limit_.store(bytes);
  Wake();
}

bool QueryMemory::Take(int64_t bytes) {
  if (used_.fetch_add(bytes) + bytes <= limit()) return true;
  used_.fetch_sub(bytes);
  return false;
}

bool QueryMemory::Await(const std::function<bool()>& attempt, bool holds,
                        const rpc::CallContext* call) {
  const absl::Time until = absl::Now() + kPatience;
  absl::MutexLock lock(&mutex_);
  // Whoever gives something back from here on sees that there is one to wake.
  waiting_.fetch_add(1);
  if (holds) ++waiting_holders_;
  bool taken = false;
  while (!(taken = attempt())) {
    if (waiting_holders_ >= holders_.load()) break;
    if (absl::Now() >= until || (call != nullptr && !call->Check().ok())) break;
    changed_.WaitWithTimeout(&mutex_, std::min(kLookAround, until - absl::Now()));
  }
  if (holds) --waiting_holders_;
  waiting_.fetch_sub(1);
  return taken;
}

void QueryMemory::Give(int64_t bytes) {
  used_.fetch_sub(bytes);
  Wake();
}

void QueryMemory::RemoveHolder() {
  holders_.fetch_sub(1);
  Wake();
}

void QueryMemory::Wake() {
  if (waiting_.load() == 0) return;
  absl::MutexLock lock(&mutex_);
  changed_.SignalAll();
}

}  // namespace adbms::storage::memory
