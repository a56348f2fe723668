#include "services/gateway/session/execution_watch.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace adbms::gateway::session {

ExecutionWatch::ExecutionWatch() : thread_([this] { Run(); }) {}

ExecutionWatch::~ExecutionWatch() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.SignalAll();
  }
  thread_.join();
}

uint64_t ExecutionWatch::Watch(std::shared_ptr<rpc::Cancellation> cancellation,
                               absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  watched_.emplace(++last_, Watched{std::move(cancellation), deadline, false});
  changed_.SignalAll();
  return last_;
}

bool ExecutionWatch::Release(uint64_t number) {
  absl::MutexLock lock(&mutex_);
  const auto found = watched_.find(number);
  if (found == watched_.end()) return false;
  const bool cancelled = found->second.cancelled;
  watched_.erase(found);
  return cancelled;
}

void ExecutionWatch::Run() {
  absl::MutexLock lock(&mutex_);
  while (!stopping_) {
    const absl::Time now = absl::Now();
    absl::Time next = absl::InfiniteFuture();
    for (auto& [number, watched] : watched_) {
      if (watched.cancelled) continue;
      if (watched.deadline > now) {
        next = std::min(next, watched.deadline);
        continue;
      }
      watched.cancelled = true;
      watched.cancellation->Cancel();
    }
    changed_.WaitWithDeadline(&mutex_, next);
  }
}

}  // namespace adbms::gateway::session
