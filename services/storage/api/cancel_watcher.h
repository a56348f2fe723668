// Watches running statements and tells storage when one is cancelled: what runs here only sets a
// flag. Thread-safe.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "adbms/storage/v1/storage.grpc.pb.h"
#include "common/rpc/call_context.h"
#include "common/rpc/grpc/access.h"

namespace adbms::storage::api {

class CancelWatcher {
 public:
  // `stub` must outlive this.
  CancelWatcher(v1::StorageService::Stub* stub, const rpc::Credentials& credentials)
      : stub_(stub), credentials_(credentials) {
    thread_ = std::thread([this] { Run(); });
  }
  ~CancelWatcher() {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    thread_.join();
  }

 private:
  struct Entry {
    std::shared_ptr<rpc::Cancellation> cancellation;
    uint64_t session_id;
  };

 public:
  // For the time that one statement runs.
  class Watch {
   public:
    Watch(CancelWatcher* watcher, const rpc::CallContext& context, uint64_t session_id)
        : watcher_(context.cancellation == nullptr ? nullptr : watcher) {
      if (watcher_ == nullptr) return;
      absl::MutexLock lock(&watcher_->mutex_);
      entry_ =
          watcher_->entries_.insert(watcher_->entries_.end(), {context.cancellation, session_id});
    }
    ~Watch() {
      if (watcher_ == nullptr) return;
      absl::MutexLock lock(&watcher_->mutex_);
      watcher_->entries_.erase(entry_);
    }

   private:
    CancelWatcher* const watcher_;
    std::list<Entry>::iterator entry_;
  };

 private:
  void Run();

  v1::StorageService::Stub* const stub_;
  const rpc::Credentials credentials_;
  absl::Mutex mutex_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace adbms::storage::api
