// Who is connected, for those who want to stop them.
#pragma once

#include <cstdint>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::pgwire {

// Connections by backend id, for CancelRequest. Thread-safe.
class ConnectionRegistry {
 public:
  struct Key {
    int32_t pid = 0;
    int32_t secret = 0;
  };
  Key Add();
  void Attach(int32_t pid, session::Session* session);
  void Remove(int32_t pid);
  // Does nothing when the secret is wrong, as PostgreSQL.
  void Cancel(int32_t pid, int32_t secret);
  // Stops what all sessions run.
  void CancelAll();

 private:
  struct Entry {
    int32_t secret = 0;
    session::Session* session = nullptr;
  };
  absl::Mutex mutex_;
  int32_t next_pid_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<int32_t, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::gateway::pgwire
