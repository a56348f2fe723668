// Which sessions are in which database: for limits, and for who wants to drop or rename one.
// Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/rpc/call_context.h"
#include "services/storage/txn/notifications.h"

namespace adbms::storage::server {

class SessionState;

class ConnectedSessions {
 public:
  // A session begins, until Leave. Errors: 55006 while its database is being dropped.
  absl::Status Enter(SessionState* session);
  void Leave(SessionState* session);
  // It is a client's from now on. Errors: 3D000, 55000, 53300.
  absl::Status Connect(SessionState* session, bool superuser);

  // Waits a few seconds for the other sessions of the database to leave, as PostgreSQL does.
  // `what`: "database" or "source database". Errors: 55006, 57014.
  absl::Status AwaitAlone(const rpc::CallContext& context, const SessionState* self,
                          uint32_t database_id, const std::string& what, const std::string& name);
  // Before a database is dropped: nobody comes in until Reopen. With `force` those who are in are
  // ended, and what they do is waited for, otherwise as AwaitAlone; after an error the database is
  // open.
  absl::Status Close(const rpc::CallContext& context, const SessionState* self,
                     uint32_t database_id, const std::string& name, bool force);
  void Reopen(uint32_t database_id);

  // Cancels what the clients with this backend id do, or ends them; false: there are none. `may`
  // says whether that is allowed, by the user who has logged in. Errors: those of `may`.
  absl::StatusOr<bool> Signal(int64_t pid, bool terminate,
                              const std::function<absl::Status(const std::string& user)>& may);

  // Where the database's sessions notify each other.
  txn::NotificationBus* BusOf(uint32_t database_id);

 private:
  struct Members {
    std::set<SessionState*> sessions;
    std::set<const SessionState*> clients;
    bool closed = false;
  };
  using Counts = std::function<bool(const SessionState&)>;
  // Those beside `self` for which it is true.
  int Others(const SessionState* self, uint32_t database_id, const Counts& counts) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // How many of them there still are after PostgreSQL's five seconds.
  absl::StatusOr<int> AwaitNone(const rpc::CallContext& context, const SessionState* self,
                                uint32_t database_id, const Counts& counts);

  mutable absl::Mutex mutex_;
  std::map<uint32_t, Members> members_ ABSL_GUARDED_BY(mutex_);
  std::map<uint32_t, std::unique_ptr<txn::NotificationBus>> buses_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::storage::server
