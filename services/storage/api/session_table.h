// The sessions of all clients: cancellation flags by id, for CancelStatement. Thread-safe.
#pragma once

#include <map>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/rpc/call_context.h"

namespace adbms::storage::api {

class SessionTable {
 public:
  uint64_t Add(std::shared_ptr<rpc::Cancellation> cancellation) {
    absl::MutexLock lock(&mutex_);
    sessions_[++last_] = std::move(cancellation);
    return last_;
  }
  void Remove(uint64_t id) {
    absl::MutexLock lock(&mutex_);
    sessions_.erase(id);
  }
  bool Cancel(uint64_t id) {
    absl::MutexLock lock(&mutex_);
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) return false;
    found->second->Cancel();
    return true;
  }

 private:
  absl::Mutex mutex_;
  uint64_t last_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, std::shared_ptr<rpc::Cancellation>> sessions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::storage::api
