#include "services/storage/server/index_mending.h"

#include "common/status/sql_error.h"

namespace adbms::storage::server {
namespace {

namespace sqlstate = status::sqlstate;
constexpr uint32_t kChunkRows = 1024;

bool IsConflict(const absl::Status& status) {
  return status::HasSqlState(status, sqlstate::kDeadlockDetected) ||
         status::HasSqlState(status, sqlstate::kLockNotAvailable);
}

absl::Status NoLock(const std::string&, txn::LockMode) { return absl::OkStatus(); }

}  // namespace

absl::Status IndexMending::EnterTable() {
  return ForKeys(table_.layout.storage_id, [&](const Keys& rows) {
    return Locked(rows, {.removes = false, .enters = true});
  });
}

absl::Status IndexMending::MendBesideWriters() {
  return ForKeys(index_.delta_id, [&](const Keys& notes) {
    return Locked(RowsOf(notes), {.removes = true, .enters = true});
  });
}

absl::Status IndexMending::MendAlone() {
  // First all of the old ones: two rows may have changed their keys for each other's.
  for (const Step step : {Step{.removes = true, .enters = false}, {false, true}}) {
    RETURN_IF_ERROR(ForKeys(index_.delta_id,
                            [&](const Keys& notes) { return Write(RowsOf(notes), step, NoLock); }));
  }
  return absl::OkStatus();
}

absl::Status IndexMending::ForKeys(uint32_t space,
                                   const std::function<absl::Status(const Keys&)>& visit) {
  ASSIGN_OR_RETURN(entries_, IndexEntries::Make(&table_, &index_));
  auto it = shared_->engine->NewIterator(shared_->engine->TakeSnapshot(),
                                         {codec::SpaceBegin(space), codec::SpaceEnd(space)},
                                         {.fill_cache = false});
  it->SeekToFirst();
  Keys keys;
  while (it->Valid()) {
    keys.clear();
    while (it->Valid() && keys.size() < kChunkRows) {
      keys.push_back(it->key().ToString());
      it->Next();
    }
    RETURN_IF_ERROR(call_.Check());
    RETURN_IF_ERROR(visit(keys));
  }
  return it->status();
}

IndexMending::Keys IndexMending::RowsOf(const Keys& notes) const {
  const std::string begin = table_.layout.Begin();
  Keys rows;
  for (const std::string& note : notes) rows.push_back(begin + note.substr(kSpaceBytes));
  return rows;
}

// At once where nobody writes; otherwise row by row, where no row's lock is held while waiting for
// another's.
absl::Status IndexMending::Locked(const Keys& rows, const Step& step) {
  const absl::Status whole = TryLocked(rows, step, /*waits=*/false);
  if (whole.ok() || !IsConflict(whole)) return whole;
  for (const std::string& row : rows) {
    while (true) {
      RETURN_IF_ERROR(call_.Check());
      const absl::Status status = TryLocked({row}, step, /*waits=*/true);
      if (status.ok()) break;
      const bool gives_up = lock_timeout_ < absl::InfiniteDuration() &&
                            status::HasSqlState(status, sqlstate::kLockNotAvailable);
      if (!IsConflict(status) || gives_up) return status;
    }
  }
  return absl::OkStatus();
}

absl::Status IndexMending::TryLocked(const Keys& rows, const Step& step, bool waits) {
  txn::LockOwner locks(shared_->locks, shared_->next_owner.fetch_add(1, std::memory_order_relaxed));
  if (lock_timeout_ < absl::InfiniteDuration()) locks.SetTimeout(lock_timeout_);
  return Write(rows, step, [&](const std::string& key, txn::LockMode mode) -> absl::Status {
    if (waits) return shared_->locks->Acquire(call_, &locks, key, mode);
    if (shared_->locks->TryAcquire(&locks, key, mode)) return absl::OkStatus();
    return status::Error(sqlstate::kLockNotAvailable, "a row is being written");
  });
}

absl::Status IndexMending::Write(const Keys& rows, const Step& step, const Lock& lock) {
  const std::unique_ptr<engine::Transaction> writes = shared_->engine->Begin(nullptr);
  RETURN_IF_ERROR(WriteInto(writes.get(), rows, step, lock));
  return shared_->log->Write(writes.get());
}

// Under the row's lock its latest version is entered: a writer after us maintains the entry, a
// writer before us has committed.
absl::Status IndexMending::WriteInto(engine::Transaction* writes, const Keys& rows,
                                     const Step& step, const Lock& lock) {
  for (const std::string& row : rows) RETURN_IF_ERROR(lock(row, txn::LockMode::kForShare));
  if (step.removes) {
    ASSIGN_OR_RETURN(const types::Batch old, Read(rows, since_.get()));
    RETURN_IF_ERROR(entries_.ForEach(old, [&](const IndexEntries::Entry& entry) {
      writes->Delete(entry.key);
      return absl::OkStatus();
    }));
  }
  if (!step.enters) return absl::OkStatus();
  ASSIGN_OR_RETURN(const types::Batch latest, Read(rows, nullptr));
  return Enter(writes, latest, lock);
}

absl::StatusOr<types::Batch> IndexMending::Read(const Keys& rows,
                                                const engine::Snapshot* snapshot) const {
  executor::RowSink sink(&entries_.columns());
  sink.Start(static_cast<uint32_t>(rows.size()));
  engine::PinnableSlice value;
  for (const std::string& row : rows) {
    bool found = false;
    value.Reset();
    RETURN_IF_ERROR(shared_->engine->Get(snapshot, row, &value, &found));
    if (found) RETURN_IF_ERROR(sink.Add(row, engine::ToView(value)));
  }
  return sink.Finish();
}

absl::Status IndexMending::Enter(engine::Transaction* writes, const types::Batch& rows,
                                 const Lock& lock) {
  return entries_.ForEach(rows, [&](const IndexEntries::Entry& entry) -> absl::Status {
    if (!entry.has_suffix) {
      engine::PinnableSlice existing;
      bool found = false;
      RETURN_IF_ERROR(lock(entry.key, txn::LockMode::kForUpdate));
      RETURN_IF_ERROR(writes->Get(nullptr, entry.key, &existing, &found));
      std::string_view other;
      if (found && codec::IndexLayout::RowSuffix(entry.key, engine::ToView(existing), &other) &&
          other != entry.row_suffix) {
        return entries_.Duplicate(rows, entry.row);
      }
    }
    writes->Put(entry.key, entry.value);
    return absl::OkStatus();
  });
}

}  // namespace adbms::storage::server
