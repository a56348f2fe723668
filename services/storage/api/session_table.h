// The sessions of all clients: cancellation flags by id, for CancelStatement. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/rpc/call_context.h"

namespace adbms::storage::api {

class SessionTable {
 public:
  // False when another session has the id.
  bool Add(uint64_t id, std::shared_ptr<rpc::Cancellation> cancellation) {
    absl::MutexLock lock(&mutex_);
    return sessions_.emplace(id, std::move(cancellation)).second;
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
  std::map<uint64_t, std::shared_ptr<rpc::Cancellation>> sessions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::storage::api
