// CREATE INDEX while writers go on.
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/table_scan.h"
#include "services/storage/server/ddl.h"
#include "services/storage/server/resolution.h"
#include "services/storage/server/table_rewrite.h"

namespace adbms::storage::server {
namespace {

namespace sqlstate = status::sqlstate;
constexpr uint32_t kChunkRows = 1024;
constexpr size_t kSpaceBytes = 4;

// Runs one change of the catalog in a transaction of its own. REQUIRES: a guard holds what it
// changes. `agree` is asked before the commit; false: nothing happens.
template <typename Change, typename Agree>
absl::StatusOr<bool> ChangeCatalog(SessionState* session, Change change, Agree agree) {
  const std::unique_ptr<txn::Transaction> transaction = session->NewTransaction({});
  RETURN_IF_ERROR(transaction->StartStatement(true, true));
  RETURN_IF_ERROR(change(transaction->Draft()));
  if (!agree(*transaction->Draft())) return false;
  transaction->WriteDraft();
  const absl::Status status = transaction->Commit();
  session->Recycle(transaction.get());
  RETURN_IF_ERROR(status);
  return true;
}

template <typename Change>
absl::Status ChangeCatalog(SessionState* session, Change change) {
  return ChangeCatalog(session, change, [](const catalog::CatalogDraft&) { return true; }).status();
}

class Backfill {
 public:
  Backfill(const rpc::CallContext& call, SessionState* session, const catalog::TableEntry* table,
           const codec::IndexLayout* index)
      : call_(call), session_(session), table_(*table), index_(*index) {}

  absl::Status Run() {
    std::vector<uint32_t> ordinals;
    for (uint32_t i = 0; i < table_.layout.types.size(); ++i) ordinals.push_back(i);
    ordinals.push_back(codec::kRowKeyOrdinal);
    ASSIGN_OR_RETURN(columns_, executor::ScanColumns::Make(&table_, ordinals));
    txn::Shared* shared = session_->parts().shared;
    auto it = shared->engine->NewIterator(shared->engine->TakeSnapshot(),
                                          {table_.layout.Begin(), table_.layout.End()},
                                          {.fill_cache = false});
    it->SeekToFirst();
    std::vector<std::string> keys;
    while (it->Valid()) {
      keys.clear();
      while (it->Valid() && keys.size() < kChunkRows) {
        keys.push_back(it->key().ToString());
        it->Next();
      }
      RETURN_IF_ERROR(call_.Check());
      RETURN_IF_ERROR(EnterAll(keys));
    }
    RETURN_IF_ERROR(it->status());
    return shared->log->WaitDurable();
  }

 private:
  // Enters a chunk at once where nobody writes; otherwise row by row, where no row's lock is held
  // while waiting for another's.
  absl::Status EnterAll(const std::vector<std::string>& keys) {
    const absl::Status whole = Enter(keys, /*waits=*/false);
    if (whole.ok() || !IsConflict(whole)) return whole;
    for (const std::string& key : keys) {
      while (true) {
        RETURN_IF_ERROR(call_.Check());
        const absl::Status status = Enter({key}, /*waits=*/true);
        if (status.ok()) break;
        if (!IsConflict(status)) return status;
      }
    }
    return absl::OkStatus();
  }

  static bool IsConflict(const absl::Status& status) {
    return status::HasSqlState(status, sqlstate::kDeadlockDetected) ||
           status::HasSqlState(status, sqlstate::kLockNotAvailable);
  }

  // Under the row's lock its latest version is entered: a writer after us maintains the entry, a
  // writer before us has committed.
  absl::Status Enter(const std::vector<std::string>& keys, bool waits) {
    txn::Shared* shared = session_->parts().shared;
    txn::LockOwner locks(shared->locks, shared->next_owner.fetch_add(1, std::memory_order_relaxed));
    std::unique_ptr<engine::Transaction> writes = shared->engine->Begin(nullptr);
    const auto lock = [&](const std::string& key, txn::LockMode mode) -> absl::Status {
      if (waits) return shared->locks->Acquire(call_, &locks, key, mode);
      if (shared->locks->TryAcquire(&locks, key, mode)) return absl::OkStatus();
      return status::Error(sqlstate::kLockNotAvailable, "a row is being written");
    };
    absl::Status status = EnterInto(writes.get(), keys, lock);
    if (status.ok()) status = shared->log->Write(writes.get());
    return status;
  }

  template <typename Lock>
  absl::Status EnterInto(engine::Transaction* writes, const std::vector<std::string>& keys,
                         const Lock& lock) {
    executor::RowSink sink(&columns_);
    sink.Start(static_cast<uint32_t>(keys.size()));
    for (const std::string& key : keys) {
      engine::PinnableSlice value;
      bool found = false;
      RETURN_IF_ERROR(lock(key, txn::LockMode::kForShare));
      RETURN_IF_ERROR(writes->Get(nullptr, key, &value, &found));
      if (found) RETURN_IF_ERROR(sink.Add(key, engine::ToView(value)));
    }
    const types::Batch rows = sink.Finish();
    const std::vector<const types::Vector*> columns = executor::Pointers(rows);
    std::string entry, value;
    for (uint32_t row = 0; row < rows.row_count; ++row) {
      const std::string_view suffix =
          columns.back()->data<std::string_view>()[row].substr(kSpaceBytes);
      bool inline_suffix = false;
      entry.clear();
      value.clear();
      index_.AppendEntryKey(columns, row, suffix, &entry, &inline_suffix);
      if (entry.size() > 8191) {
        return status::Error(sqlstate::kProgramLimitExceeded,
                             "index row size " + std::to_string(entry.size()) +
                                 " exceeds maximum 8191 for index \"" + index_.name + "\"");
      }
      index_.AppendEntryValue(columns, row, suffix, inline_suffix, &value);
      if (!inline_suffix) {
        engine::PinnableSlice existing;
        bool found = false;
        RETURN_IF_ERROR(lock(entry, txn::LockMode::kForUpdate));
        RETURN_IF_ERROR(writes->Get(nullptr, entry, &existing, &found));
        std::string_view other;
        if (found && codec::IndexLayout::RowSuffix(entry, engine::ToView(existing), &other) &&
            other != suffix) {
          return DuplicateInIndex(table_, index_.name, index_.columns, columns, row);
        }
      }
      writes->Put(entry, value);
    }
    return absl::OkStatus();
  }

  const rpc::CallContext& call_;
  SessionState* const session_;
  const catalog::TableEntry& table_;
  const codec::IndexLayout& index_;
  executor::ScanColumns columns_;
};

absl::Status Fill(const rpc::CallContext& context, SessionState* session, txn::Transaction* guard,
                  uint32_t table_id, uint32_t index_id) {
  txn::Shared* shared = session->parts().shared;
  // From then on every writer maintains the index.
  RETURN_IF_ERROR(
      shared->locks->WaitForHolders(context, guard->locks(), table_id, txn::LockMode::kShare));
  const catalog::CatalogStatePtr catalog = shared->catalog->Current();
  const catalog::TableEntryPtr* entry = catalog->Find(table_id);
  const codec::IndexLayout* index =
      entry == nullptr ? nullptr : (*entry)->layout.FindIndex(index_id);
  if (index == nullptr) return absl::InternalError("an index went away while it was being built");
  RETURN_IF_ERROR(Backfill(context, session, entry->get(), index).Run());
  return ChangeCatalog(session, [&](catalog::CatalogDraft* draft) {
    return draft->SetIndexPublic(table_id, index_id);
  });
}

// Adds the index, write-only, under a name that the guard then holds.
absl::StatusOr<v1::DdlResult> Add(const rpc::CallContext& context, SessionState* session,
                                  txn::Transaction* guard, const common::v1::DdlStatement& ddl) {
  txn::Shared* shared = session->parts().shared;
  while (true) {
    v1::DdlResult result;
    std::string name, schema;
    const auto add = [&](catalog::CatalogDraft* draft) -> absl::Status {
      RETURN_IF_ERROR(CheckResolution(ddl, *draft->state()));
      ASSIGN_OR_RETURN(result, draft->CreateIndex(ddl.create_index(),
                                                  common::v1::IndexDescriptor::STATE_WRITE_ONLY));
      if (!result.changed()) return absl::OkStatus();
      const auto added = draft->state()->FindIndex(result.object_id());
      schema = added.table->descriptor.schema();
      name = added.index->name();
      return absl::OkStatus();
    };
    const auto named = [&](const catalog::CatalogDraft& draft) {
      if (!result.changed()) return true;
      return shared->locks->TryAcquire(guard->locks(), txn::NameLockKey(schema, name),
                                       txn::LockMode::kAccessExclusive) &&
             (shared->catalog->Current() == draft.base() ||
              !shared->catalog->Current()->HasRelation(schema, name));
    };
    ASSIGN_OR_RETURN(const bool done, ChangeCatalog(session, add, named));
    if (done) return result;
    RETURN_IF_ERROR(shared->locks->Acquire(context, guard->locks(), txn::NameLockKey(schema, name),
                                           txn::LockMode::kAccessExclusive));
  }
}

}  // namespace

absl::StatusOr<v1::DdlResult> BuildIndexOnline(const rpc::CallContext& context,
                                               SessionState* session,
                                               const common::v1::DdlStatement& ddl) {
  const common::v1::CreateIndex& statement = ddl.create_index();
  // Keeps the table's definition as it is; readers and writers go on.
  const std::unique_ptr<txn::Transaction> guard = session->NewTransaction({});
  RETURN_IF_ERROR(
      guard->LockTable(context, statement.table_id(), txn::LockMode::kShareUpdateExclusive));
  ASSIGN_OR_RETURN(v1::DdlResult result, Add(context, session, guard.get(), ddl));
  if (!result.changed()) return result;
  const absl::Status filled =
      Fill(context, session, guard.get(), statement.table_id(), result.object_id());
  if (filled.ok()) return result;
  const absl::Status removed = ChangeCatalog(session, [&](catalog::CatalogDraft* draft) {
    return draft->RemoveIndex(statement.table_id(), result.object_id());
  });
  (void)removed;  // If even that fails, the next start removes it.
  return filled;
}

}  // namespace adbms::storage::server
