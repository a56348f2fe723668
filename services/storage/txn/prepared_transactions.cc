#include "services/storage/txn/prepared_transactions.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog.h"
#include "services/storage/codec/key_codec.h"
#include "services/storage/codec/table_layout.h"

namespace adbms::storage::txn {
namespace {

namespace sqlstate = status::sqlstate;
using Record = v1::PreparedTransactionRecord;

constexpr char kRecordLetter = 'x';
constexpr size_t kSpaceBytes = 4;
constexpr size_t kLongestId = 199;  // As PostgreSQL's.

std::string KeyOf(const std::string& global_id) {
  return catalog::SystemKey(kRecordLetter, std::string_view(global_id));
}

absl::Status Corrupted() {
  return status::Error(sqlstate::kDataCorrupted,
                       "the record of a prepared transaction is corrupted", {},
                       "Restore from a backup.");
}

absl::Status CheckId(const std::string& global_id) {
  if (!global_id.empty() && global_id.size() <= kLongestId) return absl::OkStatus();
  return status::Error(sqlstate::kInvalidParameterValue,
                       global_id.empty()
                           ? "transaction identifier is empty"
                           : "transaction identifier \"" + global_id + "\" is too long");
}

absl::Status InUse(const std::string& global_id) {
  return status::Error(sqlstate::kDuplicateObject,
                       "transaction identifier \"" + global_id + "\" is already in use");
}

}  // namespace

std::unique_ptr<PreparedTransactions::Entry> PreparedTransactions::NewEntry() const {
  return std::make_unique<Entry>(shared_->locks,
                                 shared_->next_owner.fetch_add(1, std::memory_order_relaxed));
}

absl::Status PreparedTransactions::Recover() {
  const std::string begin = catalog::SystemKey(kRecordLetter);
  const std::string end = catalog::SystemKey(static_cast<char>(kRecordLetter + 1));
  auto it = shared_->engine->NewIterator(nullptr, {begin, end}, {});
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    Record record;
    if (!record.ParseFromArray(it->value().data(), static_cast<int>(it->value().size())))
      return Corrupted();
    RETURN_IF_ERROR(Restore(std::move(record)));
  }
  return it->status();
}

absl::Status PreparedTransactions::Restore(Record record) {
  std::unique_ptr<Entry> entry = NewEntry();
  for (const Record::Lock& lock : record.locks()) {
    if (!entry->locks.TakeAgain(lock.key(), static_cast<LockModes>(lock.modes())))
      return Corrupted();
  }
  entry->writes.engine = shared_->engine->Begin(nullptr);
  RETURN_IF_ERROR(entry->writes.engine->Repeat(record.writes()));
  RETURN_IF_ERROR(NoteHiddenKeys(*entry->writes.engine));
  for (const auto& [table, rows] : record.row_deltas()) entry->writes.row_deltas[table] = rows;
  for (const auto& [space, rows] : record.space_deltas()) entry->writes.space_deltas[space] = rows;
  entry->writes.moved_rows.assign(record.moved_rows().begin(), record.moved_rows().end());
  record.clear_writes();
  record.clear_locks();
  const std::string id = record.global_id();
  entry->record = std::move(record);
  entry->prepared = true;
  absl::MutexLock lock(&mutex_);
  entries_[id] = std::move(entry);
  return absl::OkStatus();
}

absl::Status PreparedTransactions::NoteHiddenKeys(const engine::Transaction& writes) const {
  std::set<uint32_t> spaces;
  for (const catalog::DatabasePtr& database : shared_->catalog->Databases()) {
    const catalog::CatalogStatePtr state = database->Current();
    for (const auto& [id, table] : state->tables()) {
      if (!table->layout.has_primary_key()) spaces.insert(table->layout.storage_id);
    }
  }
  bool well_formed = true;
  writes.ForEachWrittenKey([&](std::string_view key) {
    const uint32_t space = codec::SpaceOf(key);
    if (!spaces.contains(space)) return;
    key.remove_prefix(kSpaceBytes);
    types::Vector decoded({types::TypeId::kInt8, 0});
    decoded.Resize(1);
    well_formed &= codec::DecodeKey(&key, {{types::TypeId::kInt8, 0}, false, false}, &decoded, 0);
    if (well_formed) shared_->counts->HiddenKeysFrom(space, decoded.data<int64_t>()[0] + 1);
  });
  return well_formed ? absl::OkStatus() : Corrupted();
}

absl::Status PreparedTransactions::Keep(const Entry& entry) const {
  Record record = entry.record;
  record.set_writes(std::string(entry.writes.engine->Bytes()));
  for (auto& [key, modes] : entry.locks.Keys()) {
    Record::Lock* lock = record.add_locks();
    lock->set_key(std::move(key));
    lock->set_modes(modes);
  }
  for (const auto& [table, rows] : entry.writes.row_deltas)
    (*record.mutable_row_deltas())[table] = rows;
  for (const auto& [space, rows] : entry.writes.space_deltas)
    (*record.mutable_space_deltas())[space] = rows;
  for (const uint64_t hash : entry.writes.moved_rows) record.add_moved_rows(hash);
  engine::WriteBatch batch;
  batch.Put(KeyOf(record.global_id()), record.SerializeAsString());
  return shared_->log->Write(&batch);
}

absl::Status PreparedTransactions::Prepare(const rpc::CallContext& context,
                                           const v1::PreparedTransactionRequest& request,
                                           Transaction* transaction) {
  const std::string& id = request.global_id();
  absl::Status status = CheckId(id);
  std::unique_ptr<Entry> made = NewEntry();
  Entry* const entry = made.get();
  entry->record.set_global_id(id);
  entry->record.set_role(request.role());
  entry->record.set_database_id(transaction->database()->id());
  entry->record.set_prepared_us(absl::ToUnixMicros(absl::Now()));
  entry->busy = true;
  if (status.ok()) {
    absl::MutexLock lock(&mutex_);
    if (entries_.size() >= kMost) {
      status =
          status::Error(sqlstate::kOutOfMemory, "maximum number of prepared transactions reached",
                        {}, "End those that pg_prepared_xacts shows.");
    } else if (entries_.contains(id)) {
      status = InUse(id);
    } else {
      entries_.emplace(id, std::move(made));
    }
  }
  if (!status.ok()) {
    transaction->Rollback();
    return status;
  }
  status = transaction->Detach(context, &entry->writes, &entry->locks,
                               [this, entry] { return Keep(*entry); });
  if (!status.ok()) {
    absl::MutexLock lock(&mutex_);
    entries_.erase(id);
    return status;
  }
  {
    absl::MutexLock lock(&mutex_);
    entry->prepared = true;
    entry->busy = false;
  }
  return shared_->log->WaitDurable();
}

absl::Status PreparedTransactions::CommitEntry(Entry* entry) {
  engine::Transaction* const writes = entry->writes.engine.get();
  {
    // A write that fails has emptied it.
    const std::string kept(writes->Bytes());
    std::vector<ExactCounts::Addition> counted;
    for (const auto& [space, rows] : entry->writes.space_deltas) {
      if (rows != 0) counted.push_back(shared_->exact_counts->Add(writes, space, rows));
    }
    writes->Delete(KeyOf(entry->record.global_id()));
    const absl::Status written = shared_->log->Write(writes);
    if (!written.ok()) {
      RETURN_IF_ERROR(writes->Repeat(kept));
      return written;
    }
  }
  shared_->counts->Apply(entry->writes.row_deltas);
  if (!entry->writes.moved_rows.empty())
    shared_->moved_rows.Add(entry->writes.moved_rows, shared_->engine->LatestSequence());
  shared_->commits.fetch_add(1, std::memory_order_relaxed);
  return absl::OkStatus();
}

absl::Status PreparedTransactions::Finish(const v1::PreparedTransactionRequest& request,
                                          uint32_t database_id) {
  const std::string& id = request.global_id();
  Entry* entry = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end())
      return status::Error(sqlstate::kUndefinedObject,
                           "prepared transaction with identifier \"" + id + "\" does not exist");
    entry = found->second.get();
    if (entry->busy)
      return status::Error(sqlstate::kObjectNotInPrerequisiteState,
                           "prepared transaction with identifier \"" + id + "\" is busy");
    if (!request.superuser() && request.role() != entry->record.role())
      return status::Error(sqlstate::kInsufficientPrivilege,
                           "permission denied to finish prepared transaction", {},
                           "Must be superuser or the user that prepared the transaction.");
    if (database_id != entry->record.database_id())
      return status::Error(
          sqlstate::kFeatureNotSupported, "prepared transaction belongs to another database", {},
          "Connect to the database where the transaction was prepared to finish it.");
    entry->busy = true;
  }
  absl::Status status;
  if (request.kind() == v1::PreparedTransactionRequest::KIND_COMMIT) {
    status = CommitEntry(entry);
  } else {
    engine::WriteBatch batch;
    batch.Delete(KeyOf(id));
    status = shared_->log->Write(&batch);
    if (status.ok()) shared_->rollbacks.fetch_add(1, std::memory_order_relaxed);
  }
  {
    std::unique_ptr<Entry> ended;  // Its locks end outside of the mutex.
    absl::MutexLock lock(&mutex_);
    if (!status.ok()) {
      entry->busy = false;
      return status;
    }
    const auto found = entries_.find(id);
    ended = std::move(found->second);
    entries_.erase(found);
  }
  return shared_->log->WaitDurable();
}

std::vector<Record> PreparedTransactions::List() const {
  std::vector<Record> records;
  absl::MutexLock lock(&mutex_);
  for (const auto& [id, entry] : entries_) {
    if (entry->prepared) records.push_back(entry->record);
  }
  return records;
}

bool PreparedTransactions::UsesDatabase(uint32_t database_id) const {
  absl::MutexLock lock(&mutex_);
  return std::any_of(entries_.begin(), entries_.end(), [&](const auto& entry) {
    return entry.second->record.database_id() == database_id;
  });
}

}  // namespace adbms::storage::txn
