// One transaction of a session: isolation, row and table locks, savepoints, its changes of the
// catalog. Rows are locked here and written to the engine unlocked.
//
// READ COMMITTED takes a fresh snapshot for each statement; REPEATABLE READ and SERIALIZABLE one at
// the first statement, and a row that somebody changed since is error 40001. What is said of the
// former here holds for the latter, which also remembers what it reads (serializable.h). Not
// thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "services/storage/api/storage.h"
#include "services/storage/catalog/catalog.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/engine/engine.h"
#include "services/storage/memory/query_memory.h"
#include "services/storage/txn/advisory_locks.h"
#include "services/storage/txn/commit_log.h"
#include "services/storage/txn/deferred_constraints.h"
#include "services/storage/txn/exact_counts.h"
#include "services/storage/txn/lock_manager.h"
#include "services/storage/txn/moved_rows.h"
#include "services/storage/txn/notifications.h"
#include "services/storage/txn/row_counts.h"
#include "services/storage/txn/sequence_store.h"
#include "services/storage/txn/serializable.h"
#include "services/storage/workers/worker_pool.h"

namespace adbms::storage::txn {

class PreparedTransactions;

// What all transactions of one server share. Everything outlives the transactions.
struct Shared {
  engine::Engine* engine = nullptr;
  catalog::Catalog* catalog = nullptr;
  CommitLog* log = nullptr;
  LockManager* locks = nullptr;
  SerializableTransactions* serializable = nullptr;
  RowCounts* counts = nullptr;
  ExactCounts* exact_counts = nullptr;
  SequenceStore* sequences = nullptr;
  PreparedTransactions* prepared = nullptr;
  MovedRows moved_rows;
  std::atomic<uint64_t> next_owner{1};
  std::atomic<uint64_t> commits{0};
  std::atomic<uint64_t> rollbacks{0};
  std::atomic<uint64_t> rows_read{0};
  std::atomic<uint64_t> rows_written{0};
  std::atomic<uint64_t> spilled_bytes{0};
  memory::QueryMemory query_memory;
  std::atomic<uint64_t> max_transaction_bytes{uint64_t{2} << 30};
  std::string temp_dir;
  // Help with long statements; null: there is none.
  workers::WorkerPool* workers = nullptr;
  // A table of fewer rows is read by one thread.
  int64_t worker_rows = 20000;
};

// Erases spaces and their pending records. REQUIRES: nothing new reads them.
absl::Status EraseSpaces(Shared* shared, const std::vector<uint32_t>& spaces);

// What a statement reads: a snapshot, with the transaction's own writes over it. Cheap to copy.
class ReadView {
 public:
  ReadView() = default;
  // `reads`: where to note what is read; null: nobody asks.
  ReadView(engine::Engine* engine, engine::Transaction* transaction, engine::SnapshotPtr snapshot,
           ReadSet* reads = nullptr)
      : engine_(engine), transaction_(transaction), snapshot_(std::move(snapshot)), reads_(reads) {}

  absl::Status Get(std::string_view key, engine::PinnableSlice* value, bool* found) const {
    if (reads_ != nullptr) [[unlikely]]
      reads_->AddKey(key);
    return transaction_ == nullptr ? engine_->Get(snapshot_.get(), key, value, found)
                                   : transaction_->Get(snapshot_.get(), key, value, found);
  }
  absl::Status MultiGet(const std::vector<engine::Slice>& keys, bool sorted,
                        std::vector<engine::PinnableSlice>* values, std::vector<bool>* found) const;
  std::unique_ptr<engine::Iterator> NewIterator(engine::KeyRange range,
                                                const engine::IteratorOptions& options) const {
    if (reads_ != nullptr) [[unlikely]]
      reads_->AddRange(range.lower, range.upper);
    return transaction_ == nullptr
               ? engine_->NewIterator(snapshot_, std::move(range), options)
               : transaction_->NewIterator(snapshot_, std::move(range), options);
  }
  const engine::SnapshotPtr& snapshot() const { return snapshot_; }

 private:
  engine::Engine* engine_ = nullptr;
  engine::Transaction* transaction_ = nullptr;
  engine::SnapshotPtr snapshot_;
  ReadSet* reads_ = nullptr;
};

// What a transaction has written that PREPARE TRANSACTION takes out of its session.
struct DetachedWrites {
  std::unique_ptr<engine::Transaction> engine;
  absl::flat_hash_map<uint32_t, int64_t> row_deltas;    // By table.
  absl::flat_hash_map<uint32_t, int64_t> space_deltas;  // By storage_id.
  std::vector<uint64_t> moved_rows;                     // Hashes of the keys they had.
};

class Transaction {
 public:
  // In the database, which must outlive it. `reuse`: a finished engine transaction whose memory may
  // serve again.
  Transaction(Shared* shared, catalog::Database* database, const api::BeginOptions& options,
              std::unique_ptr<engine::Transaction> reuse);
  ~Transaction();  // Rolls back unless ended.

  // The session's, which outlive it: advisory locks of the transaction end with it, and what it
  // notifies of is said when it commits. Before its first statement.
  void SetSession(AdvisoryLocks* advisory_locks, Listener* listener) {
    advisory_locks_ = advisory_locks;
    listener_ = listener;
    locks_.SetSession(advisory_locks->owner());
  }
  // Where a commit of what is temporary alone, which need not survive a crash and is not waited
  // for, notes the sequence that its session's next reader waits for. It outlives the transaction.
  void SetUnsynced(uint64_t* sequence) { unsynced_ = sequence; }
  // Rows of the table are written.
  void NoteWrites(const catalog::TableEntry& table);
  // What happens when it commits. REQUIRES: SetSession.
  PendingNotifications* notifications() {
    if (notifications_ == nullptr) notifications_ = std::make_unique<PendingNotifications>();
    return notifications_.get();
  }
  Listener* listener() { return listener_; }

  const api::BeginOptions& options() const { return options_; }
  Shared* shared() const { return shared_; }
  catalog::Database* database() const { return database_; }
  bool ended() const { return ended_; }
  std::unique_ptr<engine::Transaction> TakeEngineTransaction() {
    return std::move(engine_transaction_);
  }

  // Starts a statement: takes the snapshot that its isolation wants. A writing one gets a savepoint
  // (unless it is the transaction's only one), which FailStatement returns to.
  absl::Status StartStatement(bool writes, bool only_statement);
  // As StartStatement for one that changes definitions: View() is of the newest data until it ends.
  // Whatever the transaction's snapshot, it is the committed rows that are moved and checked.
  absl::Status StartDefinition();
  absl::Status FinishStatement();
  absl::Status FailStatement();

  // The catalog as the transaction sees it.
  catalog::CatalogStatePtr CatalogView() const;
  // The newest catalog that it may see, with its own changes: what to plan against.
  catalog::CatalogStatePtr SessionCatalog();
  catalog::CatalogDraft* Draft();
  // Moves the draft's new records into the transaction's writes. Call after each change.
  void WriteDraft();
  // The view of the current statement. `latest` true: newest data instead of the snapshot.
  ReadView View(bool latest = false);
  // The newest data without what the transaction has written.
  ReadView CommittedView() const { return ReadView(shared_->engine, nullptr, nullptr); }
  // A view for a space: one that this transaction filled itself is read as it is now.
  ReadView ViewOf(uint32_t space);
  // Whether it reads every space at the statement's snapshot, having written nothing itself:
  // several threads may then read by one copy of View() each.
  bool reads_plainly() const {
    return private_spaces_.empty() && (!begun_ || engine_transaction_->empty());
  }

  // What is checked at its end, or when SET CONSTRAINTS says so.
  DeferredConstraints* deferred() {
    if (deferred_ == nullptr) deferred_ = std::make_unique<DeferredConstraints>();
    return deferred_.get();
  }
  // Whether rows of the table are to be checked yet.
  bool AwaitsChecks(uint32_t table_id) const {
    return deferred_ != nullptr && deferred_->Awaits(table_id);
  }

  // Locks end with the transaction, or with the savepoint after which they were taken.
  LockOwner* locks() { return &locks_; }
  absl::Status LockTable(const rpc::CallContext& context, uint32_t table_id, LockMode mode);
  // False where LockTable would wait.
  bool TryLockTable(uint32_t table_id, LockMode mode);
  // Whether it holds the table in a mode that excludes others who would change its definition.
  bool MayRedefine(uint32_t table_id) const;
  // Locks a row or an entry of an index; absent ones too. `value` (may be null): its newest
  // version, the transaction's own included. Errors: as LockManager::Acquire; 40001 in REPEATABLE
  // READ when `validate` and it has changed since the snapshot.
  absl::Status LockRow(const rpc::CallContext& context, std::string_view key, LockMode mode,
                       bool validate, engine::PinnableSlice* value, bool* found);
  // The same without waiting: `locked` false when somebody else holds it.
  absl::Status TryLockRow(std::string_view key, LockMode mode, bool validate,
                          engine::PinnableSlice* value, bool* found, bool* locked);
  // REPEATABLE READ: errors 40001 when the row has changed since the snapshot.
  absl::Status CheckUnchanged(std::string_view key);
  // The row that had the key is another partition's from now on.
  void NoteMoved(std::string_view row_key) {
    if (moved_rows_.size() < MovedRows::kMost) moved_rows_.push_back(MovedRows::HashOf(row_key));
  }
  // For a row that the statement has read and that is gone: errors 40001 when it was moved to
  // another partition.
  absl::Status CheckNotMoved(std::string_view row_key) const;
  // SERIALIZABLE: errors 40001 when a key that is there now was not when the transaction read it.
  absl::Status CheckNotReadAsFree(std::string_view key) {
    return serializable_ != nullptr && serializable_->reads()->Has(key) ? CheckUnchanged(key)
                                                                        : absl::OkStatus();
  }
  engine::Transaction* engine_transaction();
  // REPEATABLE READ: a locked row must not have changed since the snapshot.
  bool validates() const { return options_.isolation != api::Isolation::kReadCommitted; }
  // Errors: 25006 in a read-only transaction; `verb` as in "INSERT".
  absl::Status CheckWritable(const char* verb) const;

  // A space that only this transaction sees may be filled with unlocked, unbuffered writes; it is
  // erased unless the transaction commits. Durably registered before the call returns.
  absl::Status RegisterPrivateSpace(uint32_t space);
  // Whether rows of the space can be written directly: private, and no savepoint since could keep
  // half of it.
  bool CanWriteDirectly(uint32_t space) const;
  // After a failed direct write the transaction cannot commit.
  void MarkBroken() { broken_ = true; }

  // So many rows of the table were stored (removed) by this transaction's writes.
  void CountRows(const codec::TableLayout& table, int64_t delta) {
    row_deltas_[table.table_id] += delta;
    space_deltas_[table.storage_id] += delta;
  }
  // The estimate of the table's rows changes, not their count.
  void AddRows(uint32_t table_id, int64_t delta) { row_deltas_[table_id] += delta; }
  // Rows of the space that finished statements of this transaction have stored, in sum.
  int64_t UncommittedRows(uint32_t space) const {
    const auto it = space_deltas_.find(space);
    return it == space_deltas_.end() ? 0 : it->second;
  }
  int64_t PendingRows(uint32_t table_id) const {
    const auto it = row_deltas_.find(table_id);
    return it == row_deltas_.end() ? 0 : it->second;
  }
  absl::Status CheckSize();
  // REPEATABLE READ: errors 40001 when others have changed the table's definition after the
  // snapshot, which then may lack rows that the new definition relies on.
  absl::Status CheckSnapshotSuits(uint32_t table_id) const;
  // REPEATABLE READ: errors 40001 when rows have changed since the snapshot, which an index that
  // the transaction has made of the newest ones does not show as they were.
  absl::Status CheckIndexSuits(const codec::TableLayout& table) const;

  absl::Status Savepoint(const std::string& name);
  absl::Status RollbackTo(const std::string& name);
  absl::Status Release(const std::string& name);

  // Called at the beginning of the commit, after deferred constraints: what it does is part of the
  // transaction, which its error rolls back.
  using CommitAction = std::function<absl::Status(const rpc::CallContext&, Transaction*)>;
  void SetBeforeCommit(CommitAction action) { before_commit_ = std::move(action); }
  // Ends it without writing: what it would write goes to `writes`, its locks to `locks`, which has
  // none. `keep` is called between the two, when all that a commit checks has been checked. Rolled
  // back after an error, of `keep` too. Errors: 0A000 for one that cannot be prepared; as Commit.
  absl::Status Detach(const rpc::CallContext& context, DetachedWrites* writes, LockOwner* locks,
                      const std::function<absl::Status()>& keep);
  // Written and durable when OK. After an error, of what was deferred too, it is rolled back.
  absl::Status Commit(const rpc::CallContext& context);
  void Rollback();

 private:
  struct SavepointEntry {
    std::string name;
    std::optional<catalog::CatalogDraft> draft;
    size_t dropped = 0;
    size_t private_spaces = 0;
    size_t moved_rows = 0;
    absl::flat_hash_map<uint32_t, int64_t> row_deltas;
    absl::flat_hash_map<uint32_t, int64_t> space_deltas;
    size_t locks = 0;
    size_t locked_tables = 0;
    size_t advisory_locks = 0;
    PendingNotifications::Mark notifications;
    DeferredConstraints::Mark deferred;
  };
  struct PrivateSpace {
    uint32_t space;
    uint64_t savepoint_serial;
  };
  SavepointEntry Here(std::string name) const;
  absl::Status ReadLocked(std::string_view key, bool validate, engine::PinnableSlice* value,
                          bool* found);
  // REPEATABLE READ: an index younger than the snapshot lacks the rows that only the snapshot has;
  // it is kept up to date and not read.
  catalog::CatalogStatePtr WithoutYoungIndexes(const catalog::CatalogStatePtr& current);
  absl::Status CheckDeferred(const rpc::CallContext& context);
  // Errors: 0A000 for what is not kept beyond the session.
  absl::Status CheckDetachable() const;
  absl::Status CommitWrites();
  // The counts of its rows, then all of it.
  absl::Status WriteAll();
  // Whether all that it has changed is temporary.
  bool IsTemporary() const;
  void ReleaseLocks();
  void ApplyRowDeltas();
  void End();
  void Restore(const SavepointEntry& entry);

  Shared* const shared_;
  catalog::Database* const database_;
  const api::BeginOptions options_;
  LockOwner locks_;
  AdvisoryLocks* advisory_locks_ = nullptr;
  Listener* listener_ = nullptr;
  std::unique_ptr<PendingNotifications> notifications_;  // Null: none, as mostly.
  std::unique_ptr<DeferredConstraints> deferred_;        // Null: nothing, as mostly.
  CommitAction before_commit_;                           // Empty, as mostly.
  std::unique_ptr<engine::Transaction> engine_transaction_;
  uint64_t* unsynced_ = nullptr;  // Null: every commit is waited for.
  bool wrote_rows_ = false;
  bool wrote_permanent_rows_ = false;
  bool wrote_temporary_rows_ = false;
  bool begun_ = false;
  bool ended_ = false;
  bool broken_ = false;
  bool statement_savepoint_ = false;
  engine::SnapshotPtr snapshot_;
  engine::SnapshotPtr definition_snapshot_;  // REPEATABLE READ, while a definition changes.
  std::shared_ptr<SerializableTransactions::Participant> serializable_;  // Null: it is none.
  uint64_t read_sequence_ = 0;
  std::optional<catalog::CatalogDraft> draft_;
  catalog::CatalogStatePtr catalog_view_;
  catalog::CatalogStatePtr
      snapshot_catalog_;                  // REPEATABLE READ: as it was when the snapshot was taken.
  catalog::CatalogStatePtr suited_from_;  // What `suited_` was made of.
  catalog::CatalogStatePtr suited_;
  std::vector<uint32_t> dropped_spaces_;
  std::vector<PrivateSpace> private_spaces_;
  std::vector<uint64_t> moved_rows_;       // Their hashes.
  std::vector<uint32_t> orphaned_spaces_;  // Filled, then given up by a rollback to a savepoint.
  uint64_t savepoint_serial_ = 0;
  std::vector<SavepointEntry> savepoints_;
  SavepointEntry statement_entry_;
  std::vector<std::pair<uint32_t, LockMode>> locked_tables_;  // In the order of locking.
  absl::flat_hash_map<uint32_t, int64_t> row_deltas_;         // By table.
  absl::flat_hash_map<uint32_t, int64_t> space_deltas_;       // By storage_id.
};

}  // namespace adbms::storage::txn
