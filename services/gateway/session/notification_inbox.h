// What a session has heard that it listens to, until its client is told. Any thread puts in; the
// session's own takes out, and waits for the descriptor.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/storage/api/storage.h"

namespace adbms::gateway::session {

class NotificationInbox : public storage::api::NotificationSink {
 public:
  // What waits for one client. More than that and it has missed some: its session is over.
  static constexpr size_t kMostBytes = size_t{32} << 20;

  // Errors: 53000 without a descriptor.
  static absl::StatusOr<std::shared_ptr<NotificationInbox>> Open();
  ~NotificationInbox() override;
  NotificationInbox(const NotificationInbox&) = delete;
  NotificationInbox& operator=(const NotificationInbox&) = delete;

  void Receive(storage::api::NotificationPtr notification) override;
  void Lost() override;
  double Fullness() const override;

  // Readable while there is something to look at.
  int fd() const { return fd_; }
  // Whether there may be something to look at.
  bool awake() const { return awake_.load(std::memory_order_acquire); }
  // All that has come, in order. Errors: 57P01 when something was missed: no client goes on as if
  // it had not.
  absl::StatusOr<std::vector<storage::api::NotificationPtr>> Take();

 private:
  explicit NotificationInbox(int fd) : fd_(fd) {}
  void Wake() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int fd_;
  std::atomic<bool> awake_{false};
  mutable absl::Mutex mutex_;
  std::vector<storage::api::NotificationPtr> waiting_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool overrun_ ABSL_GUARDED_BY(mutex_) = false;
  bool lost_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace adbms::gateway::session
