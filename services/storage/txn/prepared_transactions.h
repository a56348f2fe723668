// Transactions that PREPARE TRANSACTION has detached from their sessions: two-phase commit. What
// one writes, and the locks that it holds, are a record in the log before it is said to be
// prepared; when storage starts, it is there again before anybody else can lock. COMMIT PREPARED
// writes all of it and deletes the record in one batch. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "adbms/storage/v1/storage.pb.h"
#include "common/rpc/call_context.h"
#include "services/storage/engine/engine.h"
#include "services/storage/txn/lock_manager.h"
#include "services/storage/txn/transaction.h"

namespace adbms::storage::txn {

class PreparedTransactions {
 public:
  // As many there may be: each holds its locks until somebody remembers it.
  static constexpr size_t kMost = 1000;

  // Borrows it. Call Recover() before any other transaction begins.
  explicit PreparedTransactions(Shared* shared) : shared_(shared) {}

  // Takes up again what the log has. Errors: XX001 for a record that cannot be read.
  absl::Status Recover();
  // PREPARE TRANSACTION: ends `transaction`, which is rolled back on an error. Errors: see
  // PreparedTransactionRequest; those of deferred constraints; 53200 for too many.
  absl::Status Prepare(const rpc::CallContext& context,
                       const v1::PreparedTransactionRequest& request, Transaction* transaction);
  // COMMIT PREPARED and ROLLBACK PREPARED, in the database that it was prepared in.
  absl::Status Finish(const v1::PreparedTransactionRequest& request, uint32_t database_id);
  // In the order of their identifiers, without writes and locks: pg_prepared_xacts.
  std::vector<v1::PreparedTransactionRecord> List() const;
  bool UsesDatabase(uint32_t database_id) const;

 private:
  struct Entry {
    explicit Entry(LockManager* manager, uint64_t id) : locks(manager, id) {}
    v1::PreparedTransactionRecord record;  // Without writes and locks. Once in the map, as it is.
    DetachedWrites writes;
    LockOwner locks;
    bool prepared = false;  // It is there for others. Under the mutex, like busy.
    bool busy = false;      // Somebody prepares or ends it.
  };
  std::unique_ptr<Entry> NewEntry() const;
  absl::Status Restore(v1::PreparedTransactionRecord record);
  absl::Status Keep(const Entry& entry) const;
  // Rows of tables without a primary key have numbers, which are given once.
  absl::Status NoteHiddenKeys(const engine::Transaction& writes) const;
  absl::Status CommitEntry(Entry* entry);

  Shared* const shared_;
  mutable absl::Mutex mutex_;
  std::map<std::string, std::unique_ptr<Entry>> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::storage::txn
