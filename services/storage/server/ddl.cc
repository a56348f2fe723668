#include "services/storage/server/ddl.h"

#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "services/storage/server/ddl_execution.h"
#include "services/storage/server/ddl_locks.h"
#include "services/storage/server/resolution.h"

namespace adbms::storage::server {
namespace {

using common::v1::DdlStatement;

const char* VerbOf(const DdlStatement& statement) {
  switch (statement.body_case()) {
    case DdlStatement::kCreateTable:
      return "CREATE TABLE";
    case DdlStatement::kDropTable:
      return "DROP TABLE";
    case DdlStatement::kAlterTable:
      return "ALTER TABLE";
    case DdlStatement::kCreateIndex:
      return "CREATE INDEX";
    case DdlStatement::kDropIndex:
      return "DROP INDEX";
    case DdlStatement::kTruncate:
      return "TRUNCATE TABLE";
    case DdlStatement::kCreateSchema:
      return "CREATE SCHEMA";
    case DdlStatement::kAlterSchema:
      return "ALTER SCHEMA";
    case DdlStatement::kDropSchema:
      return "DROP SCHEMA";
    case DdlStatement::kCreateView:
      return "CREATE VIEW";
    case DdlStatement::kDropView:
      return "DROP VIEW";
    case DdlStatement::kComment:
      return "COMMENT";
    case DdlStatement::kCreateSequence:
      return "CREATE SEQUENCE";
    case DdlStatement::kAlterSequence:
      return "ALTER SEQUENCE";
    case DdlStatement::kDropSequence:
      return "DROP SEQUENCE";
    case DdlStatement::kCreateFunction:
      return "CREATE FUNCTION";
    case DdlStatement::kDropFunction:
      return "DROP FUNCTION";
    case DdlStatement::kAlterFunction:
      return "ALTER FUNCTION";
    case DdlStatement::kCreateTrigger:
      return "CREATE TRIGGER";
    case DdlStatement::kDropTrigger:
      return "DROP TRIGGER";
    case DdlStatement::kAlterTrigger:
      return "ALTER TRIGGER";
    case DdlStatement::kCreatePolicy:
      return "CREATE POLICY";
    case DdlStatement::kAlterPolicy:
      return "ALTER POLICY";
    case DdlStatement::kDropPolicy:
      return "DROP POLICY";
    case DdlStatement::kDropMaterializedView:
      return "DROP MATERIALIZED VIEW";
    case DdlStatement::kRefreshMaterializedView:
      return "REFRESH MATERIALIZED VIEW";
    case DdlStatement::kCreateOperator:
      return "CREATE OPERATOR";
    case DdlStatement::kAlterOperator:
      return "ALTER OPERATOR";
    case DdlStatement::kDropOperator:
      return "DROP OPERATOR";
    case DdlStatement::kCreateCollation:
      return "CREATE COLLATION";
    case DdlStatement::kAlterCollation:
      return "ALTER COLLATION";
    case DdlStatement::kDropCollation:
      return "DROP COLLATION";
    case DdlStatement::kCreateType:
      return "CREATE TYPE";
    case DdlStatement::kAlterType:
      return "ALTER TYPE";
    case DdlStatement::kDropType:
      return "DROP TYPE";
    case DdlStatement::kCreateDatabase:
      return "CREATE DATABASE";
    case DdlStatement::kDropDatabase:
      return "DROP DATABASE";
    case DdlStatement::kAlterDatabase:
      return "ALTER DATABASE";
    default:
      return "DDL";
  }
}

// Runs the statement with what it changes locked: what it names before, what it turns out to change
// besides (dependent objects, names that it chooses) after it has run on the draft. When somebody
// else has one of those, it waits and runs again.
absl::StatusOr<v1::DdlResult> RunLocked(const rpc::CallContext& context, SessionState* session,
                                        txn::Transaction* transaction, bool in_block,
                                        const DdlStatement& statement) {
  // Who is not authorized for what is there now does not hold it up either.
  RETURN_IF_ERROR(CheckResolution(statement, *transaction->SessionCatalog()));
  DdlLocks locks(transaction);
  while (true) {
    RETURN_IF_ERROR(locks.LockNamed(context, statement));
    RETURN_IF_ERROR(transaction->StartDefinition());
    absl::StatusOr<v1::DdlResult> result =
        DdlExecution(context, session, transaction, in_block).Run(statement);
    if (result.ok()) {
      if (locks.TryLockChanged()) {
        transaction->WriteDraft();
        RETURN_IF_ERROR(transaction->FinishStatement());
        return result;
      }
    }
    RETURN_IF_ERROR(transaction->FailStatement());
    if (!result.ok()) return result;
    RETURN_IF_ERROR(locks.LockChanged(context));
  }
}

// Nobody else writes to a temporary table: its index need not be built beside writers.
// The index of a partitioned table is several.
bool BuildsOnline(const DdlStatement& statement, const catalog::CatalogState& catalog) {
  if (!statement.has_create_index()) return false;
  const catalog::TableEntryPtr* table = catalog.Find(statement.create_index().table_id());
  return table == nullptr || (!sql::IsTemporarySchema((*table)->descriptor.schema()) &&
                              !(*table)->descriptor.has_partition_key());
}

}  // namespace

absl::StatusOr<v1::DdlResult> RunDdlIn(const rpc::CallContext& context, SessionState* session,
                                       txn::Transaction* transaction,
                                       const DdlStatement& statement) {
  ASSIGN_OR_RETURN(v1::DdlResult result,
                   RunLocked(context, session, transaction, /*in_block=*/true, statement));
  result.set_temporary_schema(session->temporary()->schema());
  return result;
}

absl::StatusOr<v1::DdlResult> RunDdl(const rpc::CallContext& context, SessionState* session,
                                     const DdlStatement& statement) {
  if (session->transaction() != nullptr) {
    RETURN_IF_ERROR(session->transaction()->CheckWritable(VerbOf(statement)));
    return RunDdlIn(context, session, session->transaction(), statement);
  }
  const std::unique_ptr<txn::Transaction> transaction = session->NewTransaction({});
  const absl::Status writable = transaction->CheckWritable(VerbOf(statement));
  if (writable.ok() && BuildsOnline(statement, *session->database()->Current()))
    return BuildIndexOnline(context, session, statement);
  absl::StatusOr<v1::DdlResult> result =
      RunLocked(context, session, transaction.get(), false, statement);
  // IF NOT EXISTS may have nothing to do.
  if (result.ok() && result->changed() && !writable.ok()) result = writable;
  if (result.ok()) {
    RETURN_IF_ERROR(transaction->Commit(context));
  } else {
    transaction->Rollback();
  }
  session->Recycle(transaction.get());
  if (result.ok()) result->set_temporary_schema(session->temporary()->schema());
  return result;
}

}  // namespace adbms::storage::server
