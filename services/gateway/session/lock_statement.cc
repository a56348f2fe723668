// LOCK TABLE.
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/policy/authorize.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

constexpr int kAccessShare = 1;
constexpr int kRowExclusive = 3;

// PostgreSQL 15: ACCESS SHARE wants SELECT, every other mode a right to change or remove rows, for
// ROW EXCLUSIVE to add them is enough.
absl::Status AuthorizeLock(const security::v1::Policy& policy,
                           const common::v1::TableDescriptor& table, int mode) {
  using common::v1::Privilege;
  std::vector<Privilege> enough = {common::v1::PRIVILEGE_UPDATE, common::v1::PRIVILEGE_DELETE,
                                   common::v1::PRIVILEGE_TRUNCATE};
  if (mode == kRowExclusive) enough.push_back(common::v1::PRIVILEGE_INSERT);
  if (mode == kAccessShare) enough = {common::v1::PRIVILEGE_SELECT};
  absl::Status status;
  for (const Privilege privilege : enough) {
    status = policy::AuthorizeTable(policy, table, privilege);
    if (status.ok()) return status;
  }
  return status;
}

}  // namespace

absl::Status Session::RunLock(const sql::Statement& statement, ResultSink* sink) {
  if (state_ != TransactionState::kExplicit && state_ != TransactionState::kImplicit) {
    return status::Error(status::sqlstate::kNoActiveTransaction,
                         "LOCK TABLE can only be used in transaction blocks");
  }
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  ASSIGN_OR_RETURN(const auto policy, policy_->Get());
  storage::v1::LockTablesRequest request;
  request.set_mode(static_cast<storage::v1::TableLockMode>(statement.lock.mode));
  request.set_nowait(statement.lock.nowait);
  for (const auto& name : statement.lock.tables) {
    const auto* table = catalog->ResolveTable(name.schema(), name.name(), settings_.search_path());
    if (table == nullptr) {
      return status::Error(status::sqlstate::kUndefinedTable,
                           absl::StrCat("relation \"", name.name(), "\" does not exist"));
    }
    if (table->has_sequence() || table->is_virtual()) {
      return status::Error(status::sqlstate::kWrongObjectType,
                           absl::StrCat("cannot lock relation \"", name.name(), "\""));
    }
    RETURN_IF_ERROR(
        policy::AuthorizeSchema(*policy, *catalog, table->schema(), common::v1::PRIVILEGE_USAGE));
    RETURN_IF_ERROR(AuthorizeLock(*policy, *table, statement.lock.mode));
    request.add_table_ids(table->table_id());
  }
  BufferOpenResults();
  RETURN_IF_ERROR(storage_->LockTables(Context(), request));
  return sink->Complete(statement.command_tag);
}

}  // namespace adbms::gateway::session
