#include "services/storage/server/database_ddl.h"

#include "absl/cleanup/cleanup.h"
#include "common/sql/catalog_numbers.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/server/connected_sessions.h"
#include "services/storage/server/ddl.h"
#include "services/storage/txn/prepared_transactions.h"

namespace adbms::storage::server {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::DatabaseDescriptor;

absl::StatusOr<v1::DdlResult> Create(const rpc::CallContext& context, SessionState* session,
                                     const common::v1::DdlStatement& statement) {
  const std::string& name = statement.create_database().template_name();
  const catalog::CatalogStatePtr catalog = session->database()->Current();
  const DatabaseDescriptor* const source = catalog->FindDatabase(name);
  // The services are in the system's database at all times.
  if (source != nullptr && source->database_id() != sql::kDatabaseOid &&
      catalog->FindDatabase(statement.create_database().database().name()) == nullptr) {
    RETURN_IF_ERROR(session->parts().connected->AwaitAlone(context, session, source->database_id(),
                                                           "source database", name));
  }
  return RunDdl(context, session, statement);
}

absl::StatusOr<v1::DdlResult> Drop(const rpc::CallContext& context, SessionState* session,
                                   const common::v1::DdlStatement& statement) {
  const common::v1::DropDatabase& drop = statement.drop_database();
  const catalog::CatalogStatePtr catalog = session->database()->Current();
  const DatabaseDescriptor* const found = catalog->FindDatabase(drop.name());
  if (found == nullptr) {
    if (!drop.if_exists())
      return status::Error(sqlstate::kInvalidCatalogName,
                           "database \"" + drop.name() + "\" does not exist");
    v1::DdlResult result;
    result.add_notices("database \"" + drop.name() + "\" does not exist, skipping");
    return result;
  }
  if (found->is_template())
    return status::Error(sqlstate::kWrongObjectType, "cannot drop a template database");
  const uint32_t id = found->database_id();
  if (id == session->database()->id())
    return status::Error(sqlstate::kObjectInUse, "cannot drop the currently open database");
  if (id == sql::kDatabaseOid) {
    return status::Error(sqlstate::kFeatureNotSupported,
                         "the system's own database \"" + drop.name() + "\" cannot be dropped", {},
                         "Drop what is in it.");
  }
  RETURN_IF_ERROR(
      session->parts().connected->Close(context, session, id, drop.name(), drop.force()));
  if (session->parts().shared->prepared->UsesDatabase(id))
    return status::Error(sqlstate::kObjectInUse,
                         "database \"" + drop.name() + "\" is being used by prepared transactions",
                         {}, "End those that pg_prepared_xacts shows.");
  const absl::Cleanup reopen = [&] { session->parts().connected->Reopen(id); };
  return RunDdl(context, session, statement);
}

}  // namespace

absl::StatusOr<v1::DdlResult> RunDatabaseDdl(const rpc::CallContext& context, SessionState* session,
                                             const common::v1::DdlStatement& statement) {
  if (session->transaction() != nullptr) {
    return status::Error(sqlstate::kActiveTransaction,
                         std::string(statement.has_create_database() ? "CREATE" : "DROP") +
                             " DATABASE cannot run inside a transaction block");
  }
  return statement.has_create_database() ? Create(context, session, statement)
                                         : Drop(context, session, statement);
}

absl::Status CheckMayRename(const rpc::CallContext& context, SessionState* session,
                            const common::v1::AlterDatabase& statement) {
  const catalog::CatalogStatePtr catalog = session->database()->Current();
  const DatabaseDescriptor* const found = catalog->FindDatabase(statement.name());
  if (found == nullptr || catalog->FindDatabase(statement.new_name()) != nullptr)
    return absl::OkStatus();  // The draft says so.
  if (found->database_id() == session->database()->id())
    return status::Error(sqlstate::kFeatureNotSupported, "current database cannot be renamed");
  if (found->database_id() == sql::kDatabaseOid) {
    return status::Error(
        sqlstate::kFeatureNotSupported,
        "the system's own database \"" + statement.name() + "\" cannot be renamed");
  }
  return session->parts().connected->AwaitAlone(context, session, found->database_id(), "database",
                                                statement.name());
}

}  // namespace adbms::storage::server
