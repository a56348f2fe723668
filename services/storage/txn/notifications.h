// LISTEN and NOTIFY: who listens to what, what a transaction will send, and the order in which
// commits are heard of. See decision 029.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "services/storage/api/storage.h"

namespace adbms::storage::txn {

class NotificationBus;

// Errors: 22023 for a channel or payload that is empty or too long, as PostgreSQL's async.c.
absl::Status CheckChannel(std::string_view channel);
absl::Status CheckPayload(std::string_view payload);

// What one session listens to. Its own thread changes it, by way of the bus.
class Listener {
 public:
  explicit Listener(NotificationBus* bus) : bus_(bus) {}
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  NotificationBus* bus() const { return bus_; }
  // Where it hears; before it listens.
  void SetSink(std::shared_ptr<api::NotificationSink> sink) { sink_ = std::move(sink); }
  // As of the last commit.
  const std::set<std::string>& channels() const { return channels_; }

 private:
  friend class NotificationBus;
  NotificationBus* const bus_;
  std::shared_ptr<api::NotificationSink> sink_;
  std::set<std::string> channels_;
};

// What a transaction will do when it commits. Not thread-safe.
class PendingNotifications {
 public:
  // Where a savepoint stands.
  struct Mark {
    size_t notifications = 0;
    size_t changes = 0;
  };

  // Equal ones of a transaction are sent once. Errors: 22023, 54000.
  absl::Status Notify(std::string channel, std::string payload, int32_t backend_pid);
  // UNLISTEN; an empty channel is all of them. Errors: 22023, 54000.
  absl::Status Listen(const Listener& listener, std::string channel);
  absl::Status Unlisten(std::string channel);

  Mark Here() const { return {notifications_.size(), changes_.size()}; }
  void RollbackTo(const Mark& mark);
  bool empty() const { return notifications_.empty() && changes_.empty(); }

 private:
  friend class NotificationBus;
  struct Change {
    bool listen;
    std::string channel;
  };

  std::vector<api::NotificationPtr> notifications_;  // In order.
  std::unordered_set<std::string> seen_;             // Channel, zero byte, payload of each.
  size_t bytes_ = 0;
  std::vector<Change> changes_;  // In order.
};

// All sessions of a database. Thread-safe.
class NotificationBus {
 public:
  // Commits a transaction that has something pending: runs `commit` and, if that is OK, lets the
  // listener listen and sends. Such commits come one after the other, so that everybody hears of
  // them in their order; others do not wait for them.
  absl::Status Commit(PendingNotifications* pending, Listener* listener,
                      const std::function<absl::Status()>& commit);
  // What only listens or stops to, outside of a transaction.
  void UnlistenAll(Listener* listener);
  // How full the fullest place is where notifications wait to be fetched, 0 to 1.
  double Usage() const;

 private:
  void Apply(const PendingNotifications& pending, Listener* listener);
  void Remove(const std::string& channel, Listener* listener) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex commits_;  // Held while one of them commits. Taken before mutex_.
  mutable absl::Mutex mutex_;
  std::map<std::string, std::set<Listener*>> listeners_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::storage::txn
