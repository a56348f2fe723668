// CREATE INDEX while writers go on.
#include "common/status/macros.h"
#include "services/storage/server/ddl.h"
#include "services/storage/server/index_load.h"
#include "services/storage/server/index_mending.h"
#include "services/storage/server/resolution.h"

namespace adbms::storage::server {
namespace {

using common::v1::IndexDescriptor;

// Rows of so many bytes on disk are entered one by one in less time than sorting them needs to
// begin and to end.
constexpr uint64_t kBytesToSort = 1 << 20;

// Runs one change of the catalog in a transaction of its own. REQUIRES: a guard holds what it
// changes. `agree` is asked before the commit; false: nothing happens.
template <typename Change, typename Agree>
absl::StatusOr<bool> ChangeCatalog(SessionState* session, Change change, Agree agree) {
  const std::unique_ptr<txn::Transaction> transaction = session->NewTransaction({});
  RETURN_IF_ERROR(transaction->StartStatement(true, true));
  RETURN_IF_ERROR(change(transaction->Draft()));
  if (!agree(*transaction->Draft())) return false;
  transaction->WriteDraft();
  const absl::Status status = transaction->Commit(rpc::CallContext());
  session->Recycle(transaction.get());
  RETURN_IF_ERROR(status);
  return true;
}

template <typename Change>
absl::Status ChangeCatalog(SessionState* session, Change change) {
  return ChangeCatalog(session, change, [](const catalog::CatalogDraft&) { return true; }).status();
}

// A partition's writers may have locked only a table above it. Those above come first.
std::vector<uint32_t> WithAbove(const catalog::CatalogState& catalog, uint32_t table_id) {
  std::vector<uint32_t> ids = {table_id};
  const catalog::TableEntryPtr* table = catalog.Find(table_id);
  while (table != nullptr && (*table)->descriptor.partition_of() != 0) {
    ids.insert(ids.begin(), (*table)->descriptor.partition_of());
    table = catalog.Find((*table)->descriptor.partition_of());
  }
  return ids;
}

// One build, after its index is in the catalog.
class Build {
 public:
  Build(const rpc::CallContext& call, SessionState* session, txn::Transaction* guard,
        uint32_t table_id, uint32_t index_id)
      : call_(call),
        session_(session),
        shared_(session->parts().shared),
        guard_(guard),
        table_id_(table_id),
        index_id_(index_id) {}

  absl::Status Run() {
    RETURN_IF_ERROR(EverybodyKnows());
    ASSIGN_OR_RETURN(const bool sorts, Look());
    RETURN_IF_ERROR(sorts ? Sort() : Mending(nullptr).EnterTable());
    return Become(IndexDescriptor::STATE_PUBLIC);
  }

 private:
  absl::Status Sort() {
    // Whatever changes a row from here on notes it.
    const engine::SnapshotPtr snapshot = shared_->engine->TakeSnapshot();
    RETURN_IF_ERROR(LoadIndex(call_, shared_, *table_, *index_, snapshot));
    if (index_->unique) {
      // Entries that are not mended yet would be in the way of writers.
      for (const uint32_t id : WithAbove(*session_->database()->Current(), table_id_))
        RETURN_IF_ERROR(guard_->LockTable(call_, id, txn::LockMode::kShare));
      return Mending(snapshot).MendAlone();
    }
    RETURN_IF_ERROR(Become(IndexDescriptor::STATE_WRITE_ONLY));
    RETURN_IF_ERROR(EverybodyKnows());
    RETURN_IF_ERROR(Look().status());
    return Mending(snapshot).MendBesideWriters();
  }

  // Until nobody works with an older version of the table.
  absl::Status EverybodyKnows() {
    for (const uint32_t id : WithAbove(*session_->database()->Current(), table_id_))
      RETURN_IF_ERROR(
          shared_->locks->WaitForHolders(call_, guard_->locks(), id, txn::LockMode::kShare));
    return absl::OkStatus();
  }

  // Takes the table as it is now; true: the index is to be filled by sorting.
  absl::StatusOr<bool> Look() {
    const catalog::CatalogStatePtr catalog = session_->database()->Current();
    const catalog::TableEntryPtr* entry = catalog->Find(table_id_);
    if (entry != nullptr) table_ = *entry;
    index_ = entry == nullptr ? nullptr : table_->layout.FindIndex(index_id_);
    if (index_ == nullptr)
      return absl::InternalError("an index went away while it was being built");
    return index_->delta_id != 0;
  }

  absl::Status Become(IndexDescriptor::State state) {
    return ChangeCatalog(session_, [&](catalog::CatalogDraft* draft) {
      return draft->SetIndexState(table_id_, index_id_, state);
    });
  }

  IndexMending Mending(engine::SnapshotPtr since) {
    return IndexMending(call_, shared_, *table_, *index_, std::move(since),
                        guard_->locks()->ClientTimeout());
  }

  const rpc::CallContext& call_;
  SessionState* const session_;
  txn::Shared* const shared_;
  txn::Transaction* const guard_;
  const uint32_t table_id_;
  const uint32_t index_id_;
  catalog::TableEntryPtr table_;
  const codec::IndexLayout* index_ = nullptr;  // Of `table_`.
};

// How it will be filled. Sorting has two changes of the catalog more to wait for.
IndexDescriptor::State FirstState(const SessionState& session, uint32_t table_id) {
  const txn::Shared& shared = *session.parts().shared;
  const catalog::CatalogStatePtr catalog = session.database()->Current();
  const catalog::TableEntryPtr* table = catalog->Find(table_id);
  const bool large =
      table != nullptr && shared.engine->ApproximateSize((*table)->layout.Begin(),
                                                         (*table)->layout.End()) >= kBytesToSort;
  return large ? IndexDescriptor::STATE_BUILDING : IndexDescriptor::STATE_WRITE_ONLY;
}

// Adds the index, to be filled, under a name that the guard then holds.
absl::StatusOr<v1::DdlResult> Add(const rpc::CallContext& context, SessionState* session,
                                  txn::Transaction* guard, const common::v1::DdlStatement& ddl) {
  txn::Shared* shared = session->parts().shared;
  const IndexDescriptor::State state = FirstState(*session, ddl.create_index().table_id());
  while (true) {
    v1::DdlResult result;
    std::string name, schema;
    const auto add = [&](catalog::CatalogDraft* draft) -> absl::Status {
      RETURN_IF_ERROR(CheckResolution(ddl, *draft->state()));
      ASSIGN_OR_RETURN(result, draft->CreateIndex(ddl.create_index(), state));
      if (!result.changed()) return absl::OkStatus();
      const auto added = draft->state()->FindIndex(result.object_id());
      schema = added.table->descriptor.schema();
      name = added.index->name();
      return absl::OkStatus();
    };
    const auto named = [&](const catalog::CatalogDraft& draft) {
      if (!result.changed()) return true;
      return shared->locks->TryAcquire(guard->locks(),
                                       txn::NameLockKey(session->database()->id(), schema, name),
                                       txn::LockMode::kAccessExclusive) &&
             (session->database()->Current() == draft.base() ||
              !session->database()->Current()->HasRelation(schema, name));
    };
    ASSIGN_OR_RETURN(const bool done, ChangeCatalog(session, add, named));
    if (done) return result;
    RETURN_IF_ERROR(shared->locks->Acquire(
        context, guard->locks(), txn::NameLockKey(session->database()->id(), schema, name),
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
  for (const uint32_t id : WithAbove(*session->database()->Current(), statement.table_id()))
    RETURN_IF_ERROR(guard->LockTable(context, id, txn::LockMode::kShareUpdateExclusive));
  ASSIGN_OR_RETURN(v1::DdlResult result, Add(context, session, guard.get(), ddl));
  if (!result.changed()) return result;
  const absl::Status filled =
      Build(context, session, guard.get(), statement.table_id(), result.object_id()).Run();
  if (filled.ok()) return result;
  const absl::Status removed = ChangeCatalog(session, [&](catalog::CatalogDraft* draft) {
    return draft->RemoveIndex(statement.table_id(), result.object_id());
  });
  (void)removed;  // If even that fails, the next start removes it.
  return filled;
}

}  // namespace adbms::storage::server
