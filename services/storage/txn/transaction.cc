#include "services/storage/txn/transaction.h"

#include <algorithm>

#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::txn {

namespace sqlstate = status::sqlstate;

absl::Status EraseSpaces(Shared* shared, const std::vector<uint32_t>& spaces) {
  if (spaces.empty() || shared->engine->read_only()) return absl::OkStatus();
  engine::WriteBatch batch;
  for (uint32_t space : spaces) {
    batch.DeleteRange(codec::SpaceBegin(space), codec::SpaceEnd(space));
    batch.Delete(catalog::SystemKey('d', space));
    shared->exact_counts->Erase(space, &batch);
  }
  RETURN_IF_ERROR(shared->log->Write(&batch));
  for (uint32_t space : spaces)
    shared->engine->RangeErased(codec::SpaceBegin(space), codec::SpaceEnd(space));
  return absl::OkStatus();
}

absl::Status ReadView::MultiGet(const std::vector<engine::Slice>& keys, bool sorted,
                                std::vector<engine::PinnableSlice>* values,
                                std::vector<bool>* found) const {
  if (reads_ != nullptr) {
    for (const engine::Slice& key : keys) reads_->AddKey(engine::ToView(key));
  }
  if (transaction_ == nullptr)
    return engine_->MultiGet(snapshot_.get(), keys, sorted, values, found);
  values->clear();
  values->resize(keys.size());
  found->assign(keys.size(), false);
  for (size_t i = 0; i < keys.size(); ++i) {
    bool hit = false;
    RETURN_IF_ERROR(
        transaction_->Get(snapshot_.get(), engine::ToView(keys[i]), &(*values)[i], &hit));
    (*found)[i] = hit;
  }
  return absl::OkStatus();
}

Transaction::Transaction(Shared* shared, catalog::Database* database,
                         const api::BeginOptions& options,
                         std::unique_ptr<engine::Transaction> reuse)
    : shared_(shared),
      database_(database),
      options_(options),
      locks_(shared->locks, shared->next_owner.fetch_add(1, std::memory_order_relaxed)),
      engine_transaction_(std::move(reuse)) {}

Transaction::~Transaction() {
  if (!ended_) Rollback();
}

engine::Transaction* Transaction::engine_transaction() {
  if (!begun_) {
    engine_transaction_ = shared_->engine->Begin(std::move(engine_transaction_));
    begun_ = true;
  }
  return engine_transaction_.get();
}

absl::Status Transaction::CheckWritable(const char* verb) const {
  if (!options_.read_only) return absl::OkStatus();
  return status::Error(sqlstate::kReadOnlyTransaction,
                       std::string("cannot execute ") + verb + " in a read-only transaction");
}

absl::Status Transaction::StartStatement(bool writes, bool only_statement) {
  const bool repeatable = validates();
  if (options_.isolation == api::Isolation::kSerializable && serializable_ == nullptr)
    serializable_ = shared_->serializable->Begin(options_.read_only);
  if (repeatable && snapshot_ == nullptr) {
    // The engine's conflict check counts from its own snapshot, which must not be newer than ours.
    engine_transaction()->SetSnapshot();
  }
  if (draft_) draft_->Rebase();
  if (!draft_) catalog_view_ = database_->Current();
  if (!repeatable || snapshot_ == nullptr) {
    // The snapshot must be taken while this catalog version is current: then it has the version's
    // rows.
    while (true) {
      snapshot_ = shared_->engine->TakeSnapshot();
      if (draft_) break;
      catalog::CatalogStatePtr now = database_->Current();
      if (now == catalog_view_) break;
      catalog_view_ = std::move(now);
    }
  }
  if (repeatable && snapshot_catalog_ == nullptr) {
    snapshot_catalog_ = catalog_view_;
    if (serializable_ != nullptr)
      shared_->serializable->TookSnapshot(serializable_, snapshot_->sequence());
  }
  if (repeatable && !draft_) catalog_view_ = WithoutYoungIndexes(catalog_view_);
  read_sequence_ = std::max(read_sequence_, snapshot_->sequence());
  if (writes && !only_statement) {
    engine_transaction()->SetSavePoint();
    statement_savepoint_ = true;
    statement_entry_ = Here({});
  }
  return absl::OkStatus();
}

absl::Status Transaction::StartDefinition() {
  RETURN_IF_ERROR(StartStatement(/*writes=*/true, /*only_statement=*/false));
  if (validates()) definition_snapshot_ = shared_->engine->TakeSnapshot();
  return absl::OkStatus();
}

absl::Status Transaction::FinishStatement() {
  definition_snapshot_.reset();
  if (!statement_savepoint_) return absl::OkStatus();
  statement_savepoint_ = false;
  return engine_transaction()->PopSavePoint();
}

absl::Status Transaction::FailStatement() {
  definition_snapshot_.reset();
  if (!statement_savepoint_) return absl::OkStatus();
  statement_savepoint_ = false;
  Restore(statement_entry_);
  return engine_transaction()->RollbackToSavePoint();
}

Transaction::SavepointEntry Transaction::Here(std::string name) const {
  return {std::move(name),
          draft_,
          dropped_spaces_.size(),
          private_spaces_.size(),
          moved_rows_.size(),
          row_deltas_,
          space_deltas_,
          locks_.Mark(),
          locked_tables_.size(),
          advisory_locks_ == nullptr ? 0 : advisory_locks_->Mark(),
          notifications_ == nullptr ? PendingNotifications::Mark() : notifications_->Here(),
          deferred_ == nullptr ? DeferredConstraints::Mark() : deferred_->Here()};
}

void Transaction::Restore(const SavepointEntry& entry) {
  draft_.reset();
  if (entry.draft) draft_.emplace(*entry.draft);
  dropped_spaces_.resize(entry.dropped);
  moved_rows_.resize(entry.moved_rows);
  row_deltas_ = entry.row_deltas;
  space_deltas_ = entry.space_deltas;
  while (private_spaces_.size() > entry.private_spaces) {
    orphaned_spaces_.push_back(private_spaces_.back().space);
    private_spaces_.pop_back();
  }
  if (notifications_ != nullptr) notifications_->RollbackTo(entry.notifications);
  if (deferred_ != nullptr) deferred_->RollbackTo(entry.deferred);
}

catalog::CatalogStatePtr Transaction::CatalogView() const {
  if (draft_) return draft_->state();
  return catalog_view_ != nullptr ? catalog_view_ : database_->Current();
}

catalog::CatalogStatePtr Transaction::SessionCatalog() {
  if (draft_) return draft_->state();
  catalog::CatalogStatePtr now = database_->Current();
  return snapshot_catalog_ == nullptr ? now : WithoutYoungIndexes(now);
}

catalog::CatalogStatePtr Transaction::WithoutYoungIndexes(const catalog::CatalogStatePtr& current) {
  if (current == snapshot_catalog_) return current;
  if (suited_from_ != current) {
    suited_from_ = current;
    suited_ = catalog::WithoutYoungIndexes(shared_->catalog, current, *snapshot_catalog_);
  }
  return suited_;
}

catalog::CatalogDraft* Transaction::Draft() {
  if (!draft_) draft_.emplace(database_, database_->Current());
  return &*draft_;
}

void Transaction::WriteDraft() {
  if (!draft_.has_value()) return;  // TRUNCATE of nothing.
  engine::Transaction* writes = engine_transaction();
  for (const catalog::CatalogDraft::Record& record : draft_->TakeRecords()) {
    if (record.erase) {
      writes->Delete(record.key);
    } else {
      writes->Put(record.key, record.value);
    }
  }
  for (uint32_t space : draft_->TakeDroppedSpaces()) {
    writes->Put(catalog::SystemKey('d', space), "");
    dropped_spaces_.push_back(space);
  }
}

ReadView Transaction::View(bool latest) {
  engine::Transaction* writes =
      begun_ && !engine_transaction_->empty() ? engine_transaction_.get() : nullptr;
  const engine::SnapshotPtr& snapshot =
      definition_snapshot_ != nullptr ? definition_snapshot_ : snapshot_;
  return ReadView(shared_->engine, writes, latest ? nullptr : snapshot,
                  latest || serializable_ == nullptr ? nullptr : serializable_->reads());
}

ReadView Transaction::ViewOf(uint32_t space) {
  const bool own = std::any_of(private_spaces_.begin(), private_spaces_.end(),
                               [&](const PrivateSpace& entry) { return entry.space == space; });
  return View(own);
}

absl::Status Transaction::LockTable(const rpc::CallContext& context, uint32_t table_id,
                                    LockMode mode) {
  for (const auto& [id, held] : locked_tables_) {
    if (id == table_id && Covers(Only(held), mode)) return absl::OkStatus();
  }
  RETURN_IF_ERROR(shared_->locks->AcquireTable(context, &locks_, table_id, mode));
  locked_tables_.emplace_back(table_id, mode);
  return absl::OkStatus();
}

bool Transaction::TryLockTable(uint32_t table_id, LockMode mode) {
  if (!shared_->locks->TryAcquireTable(&locks_, table_id, mode)) return false;
  locked_tables_.emplace_back(table_id, mode);
  return true;
}

bool Transaction::MayRedefine(uint32_t table_id) const {
  return std::any_of(locked_tables_.begin(), locked_tables_.end(), [&](const auto& locked) {
    return locked.first == table_id && Covers(Only(locked.second), LockMode::kShareUpdateExclusive);
  });
}

absl::Status Transaction::CheckUnchanged(std::string_view key) {
  return validates() ? engine_transaction()->Validate(key) : absl::OkStatus();
}

absl::Status Transaction::CheckNotMoved(std::string_view row_key) const {
  if (snapshot_ == nullptr || !shared_->moved_rows.MovedSince(row_key, snapshot_->sequence()))
    return absl::OkStatus();
  return status::Error(sqlstate::kSerializationFailure,
                       "tuple to be locked was already moved to another partition due to "
                       "concurrent update");
}

absl::Status Transaction::ReadLocked(std::string_view key, bool validate,
                                     engine::PinnableSlice* value, bool* found) {
  if (validate) RETURN_IF_ERROR(CheckUnchanged(key));
  return value == nullptr ? absl::OkStatus()
                          : engine_transaction()->Get(nullptr, key, value, found);
}

absl::Status Transaction::LockRow(const rpc::CallContext& context, std::string_view key,
                                  LockMode mode, bool validate, engine::PinnableSlice* value,
                                  bool* found) {
  RETURN_IF_ERROR(shared_->locks->Acquire(context, &locks_, key, mode));
  return ReadLocked(key, validate, value, found);
}

absl::Status Transaction::TryLockRow(std::string_view key, LockMode mode, bool validate,
                                     engine::PinnableSlice* value, bool* found, bool* locked) {
  *locked = shared_->locks->TryAcquire(&locks_, key, mode);
  return *locked ? ReadLocked(key, validate, value, found) : absl::OkStatus();
}

absl::Status Transaction::RegisterPrivateSpace(uint32_t space) {
  for (const PrivateSpace& entry : private_spaces_) {
    if (entry.space == space) return absl::OkStatus();
  }
  engine::WriteBatch batch;
  batch.Put(catalog::SystemKey('d', space), "");
  RETURN_IF_ERROR(shared_->log->Write(&batch));
  engine_transaction()->Delete(catalog::SystemKey('d', space));
  private_spaces_.push_back({space, savepoint_serial_});
  return absl::OkStatus();
}

bool Transaction::CanWriteDirectly(uint32_t space) const {
  return std::any_of(private_spaces_.begin(), private_spaces_.end(),
                     [&](const PrivateSpace& entry) {
                       return entry.space == space && entry.savepoint_serial == savepoint_serial_;
                     });
}

absl::Status Transaction::CheckSize() {
  const uint64_t limit = shared_->max_transaction_bytes.load(std::memory_order_relaxed);
  const uint64_t deferred = deferred_ == nullptr ? 0 : deferred_->bytes();
  if (!begun_ || engine_transaction_->bytes() + deferred <= limit) return absl::OkStatus();
  return status::Error(sqlstate::kOutOfMemory, "transaction has changed too much data",
                       "Its changes exceed max_transaction_bytes (" + std::to_string(limit) + ").",
                       "Split the work into several transactions, or raise max_transaction_bytes.");
}

absl::Status Transaction::Savepoint(const std::string& name) {
  engine_transaction()->SetSavePoint();
  savepoints_.push_back(Here(name));
  ++savepoint_serial_;
  return absl::OkStatus();
}

absl::Status Transaction::RollbackTo(const std::string& name) {
  const auto it = std::find_if(savepoints_.rbegin(), savepoints_.rend(),
                               [&](const SavepointEntry& entry) { return entry.name == name; });
  if (it == savepoints_.rend()) {
    return status::Error(sqlstate::kInvalidSavepoint, "savepoint \"" + name + "\" does not exist");
  }
  const size_t keep = static_cast<size_t>(savepoints_.rend() - it);
  while (savepoints_.size() > keep) {
    RETURN_IF_ERROR(engine_transaction()->RollbackToSavePoint());
    savepoints_.pop_back();
  }
  RETURN_IF_ERROR(engine_transaction()->RollbackToSavePoint());
  engine_transaction()->SetSavePoint();
  Restore(savepoints_.back());
  // Only now, with what was written under them gone.
  locks_.ReleaseSince(savepoints_.back().locks);
  locked_tables_.resize(savepoints_.back().locked_tables);
  if (advisory_locks_ != nullptr) advisory_locks_->ReleaseSince(savepoints_.back().advisory_locks);
  ++savepoint_serial_;
  return absl::OkStatus();
}

absl::Status Transaction::Release(const std::string& name) {
  const auto it = std::find_if(savepoints_.rbegin(), savepoints_.rend(),
                               [&](const SavepointEntry& entry) { return entry.name == name; });
  if (it == savepoints_.rend()) {
    return status::Error(sqlstate::kInvalidSavepoint, "savepoint \"" + name + "\" does not exist");
  }
  const size_t keep = static_cast<size_t>(savepoints_.rend() - it) - 1;
  while (savepoints_.size() > keep) {
    RETURN_IF_ERROR(engine_transaction()->PopSavePoint());
    savepoints_.pop_back();
  }
  return absl::OkStatus();
}

void Transaction::ApplyRowDeltas() {
  shared_->counts->Apply(row_deltas_);
  row_deltas_.clear();
}

absl::Status Transaction::CheckSnapshotSuits(uint32_t table_id) const {
  if (snapshot_catalog_ == nullptr) return absl::OkStatus();
  // What others have made of it: its own definitions the transaction reads as they are now.
  const catalog::CatalogState& committed = draft_ ? *draft_->base() : *catalog_view_;
  const catalog::TableEntryPtr* then = snapshot_catalog_->Find(table_id);
  const catalog::TableEntryPtr* now = committed.Find(table_id);
  if (then == nullptr && now == nullptr) return absl::OkStatus();
  if (then != nullptr && now != nullptr &&
      ((*then)->descriptor.schema_version() == (*now)->descriptor.schema_version() ||
       (catalog::SameButForIndexes((*then)->descriptor, (*now)->descriptor) &&
        // A draft's own definitions are read as they are, and nothing hides an index in them.
        (!draft_ || !catalog::HasYoungIndexes((*now)->descriptor, (*then)->descriptor))))) {
    return absl::OkStatus();
  }
  return status::Error(
      sqlstate::kSerializationFailure,
      "could not serialize access due to concurrent change of the table's definition", {},
      "Run the transaction again.");
}

absl::Status Transaction::CheckIndexSuits(const codec::TableLayout& table) const {
  if (!validates() || snapshot_ == nullptr || CanWriteDirectly(table.storage_id) ||
      !shared_->engine->ChangedSince(table.Begin(), *snapshot_)) {
    return absl::OkStatus();
  }
  return status::Error(sqlstate::kSerializationFailure,
                       "could not serialize access due to concurrent update", {},
                       "Run the transaction again.");
}

absl::Status Transaction::WriteAll() {
  std::vector<ExactCounts::Addition> counted;
  for (const auto& [space, rows] : space_deltas_) {
    if (rows != 0)
      counted.push_back(shared_->exact_counts->Add(engine_transaction_.get(), space, rows));
  }
  space_deltas_.clear();
  const auto write = [this] { return shared_->log->Write(engine_transaction_.get()); };
  if (serializable_ == nullptr) return write();
  WriteSet written;
  engine_transaction_->ForEachWrittenKey([&](std::string_view key) { written.Add(key); });
  return shared_->serializable->Commit(std::exchange(serializable_, nullptr), std::move(written),
                                       write);
}

void Transaction::NoteWrites(const catalog::TableEntry& table) {
  wrote_rows_ = true;
  const bool temporary = sql::IsTemporarySchema(table.descriptor.schema());
  wrote_permanent_rows_ |= !temporary;
  wrote_temporary_rows_ |= temporary;
}

bool Transaction::IsTemporary() const {
  if (wrote_permanent_rows_) return false;
  return draft_ ? draft_->ChangesOnlyTemporary() : wrote_rows_;
}

absl::Status Transaction::CommitWrites() {
  if (broken_) {
    return status::Error(
        sqlstate::kInFailedTransaction,
        "current transaction is aborted, commands ignored until end of transaction block");
  }
  if (!begun_ || engine_transaction_->empty()) {
    if (serializable_ != nullptr) {
      RETURN_IF_ERROR(shared_->serializable->Commit(std::exchange(serializable_, nullptr), {},
                                                    [] { return absl::OkStatus(); }));
    }
    // What the transaction read becomes its answer: it must be durable.
    ApplyRowDeltas();
    return shared_->log->WaitDurable(read_sequence_);
  }
  RETURN_IF_ERROR(CheckSize());
  RETURN_IF_ERROR(WriteAll());
  begun_ = false;
  ApplyRowDeltas();
  if (!moved_rows_.empty()) {
    shared_->moved_rows.Add(moved_rows_, shared_->engine->LatestSequence());
    moved_rows_.clear();
  }
  if (!draft_) ReleaseLocks();
  absl::Status durable;
  if (unsynced_ != nullptr && IsTemporary()) {
    *unsynced_ = shared_->engine->LatestSequence();
    durable = shared_->log->WaitDurable(read_sequence_);
  } else {
    durable = shared_->log->WaitDurable();
  }
  if (draft_ && durable.ok()) {
    // Only now: a reader that sees the new catalog must find its rows in the durable snapshot.
    database_->Publish(draft_->changes());
    const absl::Status erased = EraseSpaces(shared_, dropped_spaces_);
    (void)erased;  // The pending records stay; the next start erases them.
  }
  private_spaces_.clear();
  return durable;
}

absl::Status Transaction::CheckDeferred(const rpc::CallContext& context) {
  if (broken_) return absl::OkStatus();
  if (deferred_ != nullptr) RETURN_IF_ERROR(deferred_->Check(context, this, /*commit=*/true));
  return before_commit_ ? before_commit_(context, this) : absl::OkStatus();
}

absl::Status Transaction::CheckDetachable() const {
  const auto refuse = [](const char* what) {
    return status::Error(sqlstate::kFeatureNotSupported,
                         std::string("cannot PREPARE a transaction that has ") + what);
  };
  if (broken_)
    return status::Error(
        sqlstate::kInFailedTransaction,
        "current transaction is aborted, commands ignored until end of transaction block");
  if (wrote_temporary_rows_) return refuse("operated on temporary objects");
  if (draft_ || !private_spaces_.empty()) return refuse("changed the catalog");
  if (notifications_ != nullptr) return refuse("executed LISTEN, UNLISTEN, or NOTIFY");
  if (advisory_locks_ != nullptr && advisory_locks_->Mark() > 0)
    return refuse("taken advisory locks");
  if (options_.isolation == api::Isolation::kSerializable)
    return refuse("isolation level SERIALIZABLE");
  return absl::OkStatus();
}

absl::Status Transaction::Detach(const rpc::CallContext& context, DetachedWrites* writes,
                                 LockOwner* locks, const std::function<absl::Status()>& keep) {
  absl::Status status = CheckDetachable();
  if (status.ok()) status = CheckDeferred(context);
  if (status.ok()) status = CheckSize();
  if (!status.ok()) {
    Rollback();
    return status;
  }
  engine_transaction();  // One that has written nothing has one, too.
  writes->engine = std::move(engine_transaction_);
  begun_ = false;
  writes->row_deltas = std::exchange(row_deltas_, {});
  writes->space_deltas = std::exchange(space_deltas_, {});
  writes->moved_rows = std::exchange(moved_rows_, {});
  locks_.GiveTo(locks);
  locked_tables_.clear();
  status = keep();
  if (!status.ok()) locks->ReleaseAll();
  End();
  return status;
}

absl::Status Transaction::Commit(const rpc::CallContext& context) {
  absl::Status status = CheckDeferred(context);
  if (!status.ok()) {
    Rollback();
    return status;
  }
  status = notifications_ == nullptr || notifications_->empty()
               ? CommitWrites()
               : listener_->bus()->Commit(notifications_.get(), listener_,
                                          [this] { return CommitWrites(); });
  if (!status.ok()) {
    Rollback();
    return status;
  }
  shared_->commits.fetch_add(1, std::memory_order_relaxed);
  End();
  return absl::OkStatus();
}

void Transaction::Rollback() {
  if (ended_) return;
  if (begun_) {
    engine_transaction_->Rollback();
    begun_ = false;
  }
  std::vector<uint32_t> spaces;
  for (const PrivateSpace& entry : private_spaces_) spaces.push_back(entry.space);
  const absl::Status erased = EraseSpaces(shared_, spaces);
  (void)erased;  // The pending records stay; the next start erases them.
  shared_->rollbacks.fetch_add(1, std::memory_order_relaxed);
  End();
}

void Transaction::ReleaseLocks() {
  locks_.ReleaseAll();
  locked_tables_.clear();
}

void Transaction::End() {
  ReleaseLocks();
  // Not before what was done under them is durable: they may guard what is not in the database.
  if (advisory_locks_ != nullptr) advisory_locks_->ReleaseSince(0);
  private_spaces_.clear();
  const absl::Status erased = EraseSpaces(shared_, orphaned_spaces_);
  (void)erased;  // The pending records stay; the next start erases them.
  orphaned_spaces_.clear();
  if (serializable_ != nullptr) {
    shared_->serializable->Forget(serializable_);
    serializable_.reset();
  }
  snapshot_.reset();
  draft_.reset();
  notifications_.reset();
  deferred_.reset();
  ended_ = true;
}

}  // namespace adbms::storage::txn
