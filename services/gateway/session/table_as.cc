// CREATE TABLE … AS and SELECT … INTO: the query is planned for its columns, the table is created
// with them, and the plan's rows are inserted, in one transaction.
#include "absl/strings/str_cat.h"
#include "common/sql/plan/operator_tree.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/collation.h"
#include "common/types/type.h"
#include "services/gateway/session/inner_sink.h"
#include "services/gateway/session/quoted_identifier.h"
#include "services/gateway/session/row_triggers.h"
#include "services/gateway/session/session.h"
#include "services/gateway/session/statement_text.h"

namespace adbms::gateway::session {
namespace {

// The definitions of the table's columns. Errors: 42601 for too many names.
absl::StatusOr<std::string> Definitions(const sql::TableAsStatement& table,
                                        const OutputColumns& output) {
  if (table.columns.size() > static_cast<size_t>(output.size()))
    return status::Error(status::sqlstate::kSyntaxError, "too many column names were specified");
  std::string columns;
  for (int i = 0; i < output.size(); ++i) {
    const auto at = static_cast<size_t>(i);
    types::Type type = types::FromProto(output[i].type());
    if (type.id == types::TypeId::kUnknown) type = {types::TypeId::kText, 0};
    const std::string& name = at < table.columns.size() ? table.columns[at] : output[i].name();
    absl::StrAppend(&columns, i > 0 ? ", " : "", QuoteIdentifier(name), " ", types::Format(type));
    if (const common::v1::Collation* const collation = types::DefinitionOf(type.collation))
      absl::StrAppend(&columns, " COLLATE ", QuoteIdentifier(collation->schema()), ".",
                      QuoteIdentifier(collation->name()));
  }
  return columns;
}

// The plan that puts the query's rows into the table, whose columns are the query's.
common::v1::Plan FillingPlan(const common::v1::Plan& query,
                             const common::v1::TableDescriptor& table) {
  common::v1::Plan plan = query;
  plan.set_kind(common::v1::STATEMENT_KIND_INSERT);
  plan.set_read_only(false);
  common::v1::Insert insert;
  insert.set_table_id(table.table_id());
  *insert.mutable_input() = query.root();
  plan.mutable_root()->Clear();
  *plan.mutable_root()->mutable_insert() = std::move(insert);
  plan.mutable_root()->set_estimated_rows(query.root().estimated_rows());
  common::v1::TableUse* use = plan.add_tables();
  use->set_table_id(table.table_id());
  use->set_schema_version(table.schema_version());
  use->set_name(absl::StrCat(table.schema(), ".", table.name()));
  use->add_privileges(common::v1::PRIVILEGE_INSERT);
  uint32_t id = 0;
  sql::plan::ForEachRoot(&plan, [&](common::v1::Operator* top) {
    sql::plan::ForEachOperator(top, [&](common::v1::Operator* op) { op->set_id(id++); });
  });
  return plan;
}

// An error of the query, pointing into the statement that it is a part of.
absl::Status Shifted(const absl::Status& status, const sql::Statement& statement) {
  status::SqlError error = status::FromStatus(status);
  if (error.position == 0) return status;
  for (int i = 0; i < statement.table_as.query_offset; ++i)
    error.position += (statement.text[static_cast<size_t>(i)] & 0xc0) != 0x80;
  return status::ToStatus(error);
}

}  // namespace

absl::Status Session::RunTableAs(const sql::Statement& statement, ResultSink* sink) {
  const sql::TableAsStatement& table = statement.table_as;
  const bool own_transaction = !in_transaction();
  RETURN_IF_ERROR(BeginImplicit());
  // Before there is the table, which the query may not mean though it is called so.
  PlanQuery query;
  query.sql = table.query;
  query.cacheable = false;
  query.multi_statement = true;
  std::vector<types::Value> parameters;
  if (table.executes) {
    ASSIGN_OR_RETURN(const auto execute, sql::Parse(table.query));
    ASSIGN_OR_RETURN(const PreparedStatement* const prepared,
                     FindStatement(execute.front().execute.name));
    ASSIGN_OR_RETURN(parameters, ArgumentsOf(execute.front().execute, *prepared));
    if (prepared->plan == nullptr || !prepared->statement.command_tag.starts_with("SELECT"))
      return status::Error(status::sqlstate::kWrongObjectType,
                           "prepared statement is not a SELECT");
    query.sql = prepared->sql;
    query.parameter_types = prepared->parameter_types;
  }
  const auto plan = MakePlan(query);
  if (!plan.ok()) return table.executes ? plan.status() : Shifted(plan.status(), statement);
  ASSIGN_OR_RETURN(const std::string columns, Definitions(table, (*plan)->columns));
  ASSIGN_OR_RETURN(
      const auto create,
      sql::Parse(absl::StrCat("CREATE ", table.kind, " ",
                              table.schema.empty() ? "" : QuoteIdentifier(table.schema) + ".",
                              QuoteIdentifier(table.table), " (", columns, ") ", table.options)));
  InnerSink inner(sink);
  const absl::Status created = RunDdl(create.front(), &inner);
  const bool exists = status::HasSqlState(created, status::sqlstate::kDuplicateTable);
  std::string tag = "CREATE TABLE AS";
  if (exists && table.if_not_exists) {
    sink->Notice("NOTICE", status::sqlstate::kDuplicateTable,
                 status::FromStatus(created).message + ", skipping");
  } else {
    RETURN_IF_ERROR(created);
    if (table.with_data) {
      ASSIGN_OR_RETURN(const uint64_t rows,
                       InsertRows(*(*plan)->plan, query.sql, changed_object_, parameters));
      tag = absl::StrCat("SELECT ", rows);
    }
  }
  if (own_transaction && state_ == TransactionState::kImplicit)
    RETURN_IF_ERROR(EndTransaction(/*commit=*/true));
  return sink->Complete(tag);
}

absl::StatusOr<uint64_t> Session::InsertRows(const common::v1::Plan& query, std::string_view sql,
                                             uint32_t table_id,
                                             const std::vector<types::Value>& parameters) {
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  const common::v1::TableDescriptor* table = catalog->FindTable(table_id);
  if (table == nullptr) return absl::InternalError("the table to fill is gone");
  return RunWriting(FillingPlan(query, *table), sql, parameters);
}

absl::StatusOr<uint64_t> Session::RunWriting(common::v1::Plan plan, std::string_view sql,
                                             const std::vector<types::Value>& parameters) {
  plan_cache::CachedPlan writing;
  writing.plan = std::make_shared<const common::v1::Plan>(std::move(plan));
  writing.normalized_sql = Readable(std::string(sql), 0);
  writing.fingerprint = sql::Fingerprint(writing.normalized_sql);
  for (const auto& use : writing.plan->tables()) writing.table_ids.push_back(use.table_id());
  ASSIGN_OR_RETURN(writing.prepared, services_.storage->Prepare(Context(), writing.plan));
  storage::api::ExecuteOptions options;
  FillOptions(&options);
  options.parameters = parameters;
  if (writing.plan->session_details()) options.details = Details();
  BufferOpenResults();
  WrittenRows written;
  if (sql::plan::RunsPrograms(*writing.plan)) {
    RETURN_IF_ERROR(BeginImplicit());
    RETURN_IF_ERROR(PrepareInputs(&writing));
    RETURN_IF_ERROR(RunProgramCalls(*writing.plan, &options.parameters));
    RETURN_IF_ERROR(RunRowPrograms(writing, &options, &written));
  }
  auto stream = storage_->Execute(Context(), writing.prepared, options);
  if (status::HasSqlState(stream.status(), status::sqlstate::kStalePlan)) {
    return status::Error(status::sqlstate::kSerializationFailure,
                         "a table of the query was changed at the same time", "", "Try again.");
  }
  RETURN_IF_ERROR(stream.status());
  types::Batch batch;
  for (bool more = true; more;) {
    ASSIGN_OR_RETURN(more, (*stream)->Next(&batch));
  }
  const storage::v1::ExecutionSummary summary = (*stream)->summary();
  RETURN_IF_ERROR(ChangeSettings(summary));
  Finished(writing, sql, statement_start_, summary, /*failed=*/false);
  return summary.rows_affected() + written.rows_affected;
}

}  // namespace adbms::gateway::session
