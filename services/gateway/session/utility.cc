// Statements that are not planned: transactions, settings, schema and role changes, ANALYZE,
// cursors.
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

using sql::StatementClass;

common::v1::Privilege PrivilegeOf(const std::string& name) {
  if (name == "select") return common::v1::PRIVILEGE_SELECT;
  if (name == "insert") return common::v1::PRIVILEGE_INSERT;
  if (name == "update") return common::v1::PRIVILEGE_UPDATE;
  if (name == "delete") return common::v1::PRIVILEGE_DELETE;
  if (name == "truncate") return common::v1::PRIVILEGE_TRUNCATE;
  return common::v1::PRIVILEGE_UNSPECIFIED;
}

constexpr common::v1::Privilege kAllPrivileges[] = {
    common::v1::PRIVILEGE_SELECT, common::v1::PRIVILEGE_INSERT, common::v1::PRIVILEGE_UPDATE,
    common::v1::PRIVILEGE_DELETE, common::v1::PRIVILEGE_TRUNCATE};

}  // namespace

absl::Status Session::RunUtility(const sql::Statement& statement, ResultSink* sink) {
  switch (statement.statement_class) {
    case StatementClass::kSet:
    case StatementClass::kShow:
    case StatementClass::kPrepare:
    case StatementClass::kDeallocate:
      break;
    default:
      block_used_ = true;  // BEGIN sets it back.
  }
  switch (statement.statement_class) {
    case StatementClass::kTransaction:
      return RunTransaction(statement, sink);
    case StatementClass::kSet:
      return RunSet(statement, sink);
    case StatementClass::kShow:
      return RunShow(statement, sink);
    case StatementClass::kDdl:
      return RunDdl(statement, sink);
    case StatementClass::kRole:
      return RunRole(statement, sink);
    case StatementClass::kAnalyze:
      return RunAnalyze(statement, sink);
    case StatementClass::kExplain:
      return RunExplain(statement, sink);
    case StatementClass::kPrepare:
      return RunPrepare(statement, sink);
    case StatementClass::kExecute:
      return RunExecute(statement, sink);
    case StatementClass::kDeallocate:
      if (statement.deallocate.name.empty()) {
        statements_.clear();
      } else if (statements_.erase(statement.deallocate.name) == 0) {
        return status::Error(
            status::sqlstate::kInvalidStatementName,
            absl::StrCat("prepared statement \"", statement.deallocate.name, "\" does not exist"));
      }
      return sink->Complete(statement.command_tag);
    case StatementClass::kCursor:
      return RunCursor(statement, sink);
    case StatementClass::kCopy:
      return RunCopy(statement, sink);
    case StatementClass::kDiscard:
      if (state_ == TransactionState::kExplicit) {
        return status::Error(status::sqlstate::kActiveTransaction,
                             "DISCARD ALL cannot run inside a transaction block");
      }
      statements_.clear();
      cursors_.clear();
      settings_.ResetAll();
      return sink->Complete(statement.command_tag);
    case StatementClass::kNoOp:
      return sink->Complete(statement.command_tag);
    case StatementClass::kPlannable:
      break;
  }
  return absl::InternalError("a plannable statement came to the utility path");
}

void Session::SendReports(ResultSink* sink) {
  for (const auto& [name, value] : settings_.TakeReports()) sink->ParameterStatus(name, value);
}

// ---- Transactions ------------------------------------------------------------------------------

absl::Status Session::EndTransaction(bool commit) {
  portals_.clear();
  cursors_.clear();
  state_ = TransactionState::kIdle;
  explicit_block_ = false;
  changed_schema_ = false;
  transaction_timestamp_us_ = 0;
  // A commit is not given up for a deadline once it has begun.
  rpc::CallContext context = Context();
  context.deadline = absl::InfiniteFuture();
  context.cancellation = nullptr;
  if (!commit) {
    settings_.Rollback();
    return storage_->Rollback(context);
  }
  const absl::Status status = storage_->Commit(context);
  if (status.ok()) {
    settings_.Commit();
  } else {
    settings_.Rollback();
  }
  return status;
}

absl::Status Session::RunTransaction(const sql::Statement& statement, ResultSink* sink) {
  const sql::TransactionStatement& transaction = statement.transaction;
  using Kind = sql::TransactionStatement::Kind;
  const auto outside_block = [&](absl::string_view command) {
    return status::Error(status::sqlstate::kNoActiveTransaction,
                         absl::StrCat(command, " can only be used in transaction blocks"));
  };
  switch (transaction.kind) {
    case Kind::kBegin: {
      if (state_ == TransactionState::kExplicit) {
        sink->Notice("WARNING", status::sqlstate::kActiveTransaction,
                     "there is already a transaction in progress");
        return sink->Complete(statement.command_tag);
      }
      const std::string isolation =
          transaction.isolation.empty() ? settings_.default_isolation() : transaction.isolation;
      if (isolation == "serializable") {
        return status::Error(status::sqlstate::kFeatureNotSupported,
                             "isolation level SERIALIZABLE is not supported", "",
                             "Use REPEATABLE READ.");
      }
      if (state_ == TransactionState::kImplicit) {
        state_ = TransactionState::kExplicit;
        return sink->Complete(statement.command_tag);
      }
      storage::api::BeginOptions options;
      options.read_only = transaction.read_only.value_or(settings_.default_read_only());
      if (isolation == "repeatable read") {
        options.isolation = storage::api::Isolation::kRepeatableRead;
      }
      RETURN_IF_ERROR(BeginBlock(options));
      return sink->Complete(statement.command_tag);
    }
    case Kind::kCommit: {
      if (transaction.chain && state_ != TransactionState::kExplicit &&
          state_ != TransactionState::kFailed) {
        return outside_block("COMMIT AND CHAIN");
      }
      if (state_ == TransactionState::kIdle) {
        sink->Notice("WARNING", status::sqlstate::kNoActiveTransaction,
                     "there is no transaction in progress");
        return sink->Complete("COMMIT");
      }
      const bool failed = state_ == TransactionState::kFailed;
      RETURN_IF_ERROR(EndTransaction(!failed));
      if (transaction.chain) RETURN_IF_ERROR(BeginBlock(begin_options_));
      SendReports(sink);
      return sink->Complete(failed ? "ROLLBACK" : "COMMIT");
    }
    case Kind::kRollback:
      if (transaction.chain && state_ != TransactionState::kExplicit &&
          state_ != TransactionState::kFailed) {
        return outside_block("ROLLBACK AND CHAIN");
      }
      if (state_ == TransactionState::kIdle) {
        sink->Notice("WARNING", status::sqlstate::kNoActiveTransaction,
                     "there is no transaction in progress");
        return sink->Complete("ROLLBACK");
      }
      RETURN_IF_ERROR(EndTransaction(/*commit=*/false));
      if (transaction.chain) RETURN_IF_ERROR(BeginBlock(begin_options_));
      SendReports(sink);
      return sink->Complete("ROLLBACK");
    case Kind::kSavepoint:
      if (state_ != TransactionState::kExplicit) return outside_block("SAVEPOINT");
      RETURN_IF_ERROR(storage_->Savepoint(Context(), transaction.savepoint));
      return sink->Complete("SAVEPOINT");
    case Kind::kRelease:
      if (state_ != TransactionState::kExplicit) return outside_block("RELEASE SAVEPOINT");
      RETURN_IF_ERROR(storage_->Release(Context(), transaction.savepoint));
      return sink->Complete("RELEASE");
    case Kind::kRollbackTo:
      if (state_ != TransactionState::kExplicit && state_ != TransactionState::kFailed) {
        return outside_block("ROLLBACK TO SAVEPOINT");
      }
      RETURN_IF_ERROR(storage_->RollbackTo(Context(), transaction.savepoint));
      state_ = TransactionState::kExplicit;
      return sink->Complete("ROLLBACK");
  }
  return absl::InternalError("unknown transaction statement");
}

absl::Status Session::BeginBlock(const storage::api::BeginOptions& options) {
  RETURN_IF_ERROR(storage_->Begin(Context(), options));
  begin_options_ = options;
  state_ = TransactionState::kExplicit;
  settings_.Begin();
  transaction_timestamp_us_ = 0;
  block_used_ = false;
  return absl::OkStatus();
}

absl::Status Session::SetTransaction(const sql::SetStatement& set, ResultSink* sink) {
  if (state_ != TransactionState::kExplicit) {
    sink->Notice("WARNING", status::sqlstate::kNoActiveTransaction,
                 "SET TRANSACTION can only be used in transaction blocks");
    return absl::OkStatus();
  }
  storage::api::BeginOptions options = begin_options_;
  if (set.isolation == "serializable") return status::NotSupported("isolation level SERIALIZABLE");
  if (!set.isolation.empty()) {
    options.isolation = set.isolation == "repeatable read"
                            ? storage::api::Isolation::kRepeatableRead
                            : storage::api::Isolation::kReadCommitted;
  }
  if (set.read_only.has_value()) options.read_only = *set.read_only;
  if (options.isolation == begin_options_.isolation &&
      options.read_only == begin_options_.read_only) {
    return absl::OkStatus();
  }
  if (block_used_) {
    if (options.isolation != begin_options_.isolation) {
      return status::Error(status::sqlstate::kActiveTransaction,
                           "SET TRANSACTION ISOLATION LEVEL must be called before any query");
    }
    return status::NotSupported("SET TRANSACTION READ ONLY after the first statement");
  }
  // Nothing has been done in it yet: another one in its place.
  RETURN_IF_ERROR(storage_->Rollback(Context()));
  RETURN_IF_ERROR(storage_->Begin(Context(), options));
  begin_options_ = options;
  return absl::OkStatus();
}

absl::StatusOr<std::string> Session::ShowValue(const std::string& name) const {
  if (state_ == TransactionState::kExplicit) {
    if (name == "transaction_isolation") {
      return std::string(begin_options_.isolation == storage::api::Isolation::kRepeatableRead
                             ? "repeatable read"
                             : "read committed");
    }
    if (name == "transaction_read_only") {
      return std::string(begin_options_.read_only ? "on" : "off");
    }
  } else if (name == "transaction_isolation") {
    return settings_.default_isolation();
  } else if (name == "transaction_read_only") {
    return std::string(settings_.default_read_only() ? "on" : "off");
  }
  return settings_.Show(name);
}

// ---- Settings ----------------------------------------------------------------------------------

absl::Status Session::RunSet(const sql::Statement& statement, ResultSink* sink) {
  const sql::SetStatement& set = statement.set;
  if (set.name == "all") {
    settings_.ResetAll();
  } else if (set.reset) {
    RETURN_IF_ERROR(settings_.Reset(set.name));
  } else if (set.name == "session_authorization" || set.name == "role") {
    return status::NotSupported(absl::StrCat("SET ", absl::AsciiStrToUpper(set.name)));
  } else if (set.name == "transaction") {
    RETURN_IF_ERROR(SetTransaction(set, sink));
  } else if (set.name == "session characteristics") {
    if (!set.isolation.empty())
      RETURN_IF_ERROR(settings_.Set("default_transaction_isolation", set.isolation, false));
    if (set.read_only.has_value())
      RETURN_IF_ERROR(
          settings_.Set("default_transaction_read_only", *set.read_only ? "on" : "off", false));
  } else {
    RETURN_IF_ERROR(settings_.Set(set.name, absl::StrJoin(set.values, ", "), set.is_local));
    if (set.is_local && state_ != TransactionState::kExplicit) {
      sink->Notice("WARNING", status::sqlstate::kNoActiveTransaction,
                   "SET LOCAL can only be used in transaction blocks");
    }
  }
  if (set.returns_value) {
    ASSIGN_OR_RETURN(const std::string value, ShowValue(set.name));
    return SendText("set_config", {value}, "SELECT 1", sink);
  }
  return sink->Complete(statement.command_tag);
}

absl::Status Session::SendText(const std::string& column, const std::vector<std::string>& lines,
                               std::string_view tag, ResultSink* sink) {
  OutputColumns columns;
  common::v1::OutputColumn* description = columns.Add();
  description->set_name(column);
  description->mutable_type()->set_id(common::v1::TYPE_ID_TEXT);
  RETURN_IF_ERROR(sink->BeginRows(columns));
  auto vector = std::make_shared<types::Vector>(types::Type{types::TypeId::kText, 0});
  for (const std::string& line : lines) vector->Append(types::Value::Text(line));
  types::Batch batch;
  batch.columns.push_back(std::move(vector));
  batch.row_count = static_cast<uint32_t>(lines.size());
  RETURN_IF_ERROR(sink->Rows(batch));
  return sink->Complete(tag);
}

absl::Status Session::RunShow(const sql::Statement& statement, ResultSink* sink) {
  if (statement.show.name == "all") {
    OutputColumns columns;
    types::Batch batch;
    for (const char* name : {"name", "setting", "description"}) {
      common::v1::OutputColumn* column = columns.Add();
      column->set_name(name);
      column->mutable_type()->set_id(common::v1::TYPE_ID_TEXT);
      batch.columns.push_back(
          std::make_shared<types::Vector>(types::Type{types::TypeId::kText, 0}));
    }
    for (const auto& row : settings_.All()) {
      for (size_t i = 0; i < row.size(); ++i) batch.columns[i]->Append(types::Value::Text(row[i]));
      ++batch.row_count;
    }
    RETURN_IF_ERROR(sink->BeginRows(columns));
    RETURN_IF_ERROR(sink->Rows(batch));
    return sink->Complete("SHOW");
  }
  ASSIGN_OR_RETURN(const std::string value, ShowValue(statement.show.name));
  return SendText(Settings::NameOf(statement.show.name), {value}, "SHOW", sink);
}

// ---- Schema ------------------------------------------------------------------------------------

absl::Status Session::AuthorizeDdl(const common::v1::DdlStatement& ddl,
                                   const sql::Catalog& catalog) {
  ASSIGN_OR_RETURN(const auto policy, options_.policy->Get());
  const auto owner = [&](const common::v1::TableDescriptor* table,
                         common::v1::Privilege privilege =
                             common::v1::PRIVILEGE_OWNER) -> absl::Status {
    return table == nullptr ? absl::OkStatus() : policy::AuthorizeTable(*policy, *table, privilege);
  };
  const auto schema_is_open = [&](const std::string& schema) -> absl::Status {
    if (schema != "adbms" && schema != "pg_catalog" && schema != "information_schema") {
      return absl::OkStatus();
    }
    return status::Error(status::sqlstate::kInsufficientPrivilege,
                         absl::StrCat("permission denied for schema ", schema));
  };
  const auto relations =
      [&](const google::protobuf::RepeatedPtrField<common::v1::RelationName>& names) {
        for (const auto& name : names) {
          RETURN_IF_ERROR(
              owner(catalog.ResolveTable(name.schema(), name.name(), settings_.search_path())));
        }
        return absl::OkStatus();
      };
  using Body = common::v1::DdlStatement::BodyCase;
  switch (ddl.body_case()) {
    case Body::kCreateTable:
      return schema_is_open(ddl.create_table().table().schema());
    case Body::kCreateView:
      return schema_is_open(ddl.create_view().view().schema());
    case Body::kDropTable:
      return relations(ddl.drop_table().tables());
    case Body::kDropView:
      return relations(ddl.drop_view().tables());
    case Body::kAlterTable:
      return owner(catalog.FindTable(ddl.alter_table().table_id()));
    case Body::kCreateIndex:
      return owner(catalog.FindTable(ddl.create_index().table_id()));
    case Body::kDropIndex:
      for (const auto& name : ddl.drop_index().indexes()) {
        for (const auto& table : catalog.snapshot().tables()) {
          for (const auto& index : table.indexes()) {
            const bool schema_matches = name.schema().empty() || name.schema() == table.schema();
            if (index.name() == name.name() && schema_matches) RETURN_IF_ERROR(owner(&table));
          }
        }
      }
      return absl::OkStatus();
    case Body::kTruncate:
      for (const uint32_t id : ddl.truncate().table_ids()) {
        RETURN_IF_ERROR(owner(catalog.FindTable(id), common::v1::PRIVILEGE_TRUNCATE));
      }
      return absl::OkStatus();
    case Body::kCreateSchema:
      if (absl::StartsWith(ddl.create_schema().name(), "pg_")) {
        return status::Error(
            "42939", absl::StrCat("unacceptable schema name \"", ddl.create_schema().name(), "\""),
            "The prefix \"pg_\" is reserved for system schemas.");
      }
      return absl::OkStatus();
    case Body::kDropSchema:
      for (const std::string& name : ddl.drop_schema().names()) {
        RETURN_IF_ERROR(schema_is_open(name));
        for (const auto& schema : catalog.snapshot().schemas()) {
          if (schema.name() != name || policy->superuser()) continue;
          if (schema.owner() != options_.user) {
            return status::Error(status::sqlstate::kInsufficientPrivilege,
                                 absl::StrCat("must be owner of schema ", name));
          }
        }
      }
      return absl::OkStatus();
    case Body::BODY_NOT_SET:
      break;
  }
  return absl::InternalError("an empty schema change");
}

absl::Status Session::RunDdl(const sql::Statement& statement, ResultSink* sink) {
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  ASSIGN_OR_RETURN(auto changes,
                   sql::BindDdl(PlanningInputFor(statement.text, &statement, catalog)));
  // Several changes of one statement stand or fall together.
  const bool own_transaction = changes.size() > 1 && !in_transaction();
  if (own_transaction) RETURN_IF_ERROR(BeginImplicit());
  for (common::v1::DdlStatement& ddl : changes) {
    RETURN_IF_ERROR(AuthorizeDdl(ddl, *catalog));
    if (ddl.has_create_table())
      ddl.mutable_create_table()->mutable_table()->set_owner(options_.user);
    if (ddl.has_create_view()) ddl.mutable_create_view()->mutable_view()->set_owner(options_.user);
    if (ddl.has_create_schema() && ddl.create_schema().owner().empty()) {
      ddl.mutable_create_schema()->set_owner(options_.user);
    }
    auto result = storage_->ExecuteDdl(Context(), ddl);
    if (!result.ok()) {
      Audit("ddl", statement.text, 0, result.status());
      return result.status();
    }
    for (const std::string& notice : result->notices()) {
      sink->Notice("NOTICE", status::sqlstate::kSuccess, notice);
    }
  }
  if (in_transaction()) changed_schema_ = true;
  if (own_transaction) RETURN_IF_ERROR(EndTransaction(/*commit=*/true));
  Audit("ddl", statement.text, 0, absl::OkStatus());
  return sink->Complete(statement.command_tag);
}

absl::Status Session::RunRole(const sql::Statement& statement, ResultSink* sink) {
  if (state_ == TransactionState::kExplicit) {
    return status::NotSupported(absl::StrCat(statement.command_tag, " inside a transaction block"));
  }
  if (services_.security == nullptr) return status::NotSupported("changing roles");
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  ASSIGN_OR_RETURN(const auto policy, options_.policy->Get());
  const sql::RoleStatement& role = statement.role;
  security::v1::ChangeRolesRequest request;
  request.set_user(options_.user);
  request.set_kind(
      static_cast<security::v1::ChangeRolesRequest::Kind>(static_cast<int>(role.kind) + 1));
  for (const std::string& name : role.roles) request.add_roles(name);
  for (const std::string& name : role.granted_roles) request.add_granted_roles(name);
  if (role.password.has_value()) request.set_password(*role.password);
  if (role.login.has_value()) request.set_login(*role.login);
  if (role.superuser.has_value()) request.set_superuser(*role.superuser);
  if (role.create_role.has_value()) request.set_create_role(*role.create_role);
  if (role.create_db.has_value()) request.set_create_db(*role.create_db);
  request.set_if_exists(role.if_exists);
  std::vector<const common::v1::TableDescriptor*> tables;
  for (const auto& name : role.tables) {
    const auto* table = catalog->ResolveTable(name.schema(), name.name(), settings_.search_path());
    if (table == nullptr) {
      return status::Error(status::sqlstate::kUndefinedTable,
                           absl::StrCat("relation \"", name.name(), "\" does not exist"));
    }
    tables.push_back(table);
  }
  for (const std::string& schema : role.schemas) {
    if (!catalog->HasSchema(schema)) {
      return status::Error(status::sqlstate::kInvalidSchemaName,
                           absl::StrCat("schema \"", schema, "\" does not exist"));
    }
    if (!role.all_tables_in_schema) continue;
    for (const auto& table : catalog->snapshot().tables()) {
      if (table.schema() == schema) tables.push_back(&table);
    }
  }
  for (const auto* table : tables) {
    RETURN_IF_ERROR(policy::AuthorizeTable(*policy, *table, common::v1::PRIVILEGE_OWNER));
    security::v1::TableGrant* grant = request.add_grants();
    grant->set_table_id(table->table_id());
    if (role.privileges.empty()) {
      for (const auto privilege : kAllPrivileges) grant->add_privileges(privilege);
    }
    for (const std::string& name : role.privileges) {
      const auto privilege = PrivilegeOf(name);
      if (privilege == common::v1::PRIVILEGE_UNSPECIFIED) {
        return status::NotSupported(
            absl::StrCat("privilege ", absl::AsciiStrToUpper(name), " on a table"));
      }
      grant->add_privileges(privilege);
    }
  }
  auto response = services_.security->ChangeRoles(Context(), request);
  Audit("role", statement.command_tag, 0, response.ok() ? absl::OkStatus() : response.status());
  if (!response.ok()) return response.status();
  services_.policies->Refresh();
  for (const std::string& notice : response->notices()) {
    sink->Notice("NOTICE", status::sqlstate::kSuccess, notice);
  }
  return sink->Complete(statement.command_tag);
}

absl::Status Session::RunAnalyze(const sql::Statement& statement, ResultSink* sink) {
  if (statement.analyze.vacuum && state_ == TransactionState::kExplicit) {
    return status::Error(status::sqlstate::kActiveTransaction,
                         "VACUUM cannot run inside a transaction block");
  }
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  std::vector<uint32_t> ids;
  for (const auto& name : statement.analyze.tables) {
    const auto* table = catalog->ResolveTable(name.schema(), name.name(), settings_.search_path());
    if (table == nullptr) {
      return status::Error(status::sqlstate::kUndefinedTable,
                           absl::StrCat("relation \"", name.name(), "\" does not exist"));
    }
    if (!table->is_virtual()) ids.push_back(table->table_id());
  }
  if (statement.analyze.analyze && (!ids.empty() || statement.analyze.tables.empty())) {
    RETURN_IF_ERROR(storage_->Analyze(Context(), ids));
    services_.catalog->RefreshStatistics(Context());
    services_.plan_cache->Clear();
  }
  return sink->Complete(statement.command_tag);
}

// ---- EXPLAIN -----------------------------------------------------------------------------------

absl::Status Session::RunExplain(const sql::Statement& statement, ResultSink* sink) {
  const sql::ExplainStatement& explain = statement.explain;
  ASSIGN_OR_RETURN(const auto inner, sql::Parse(explain.sql));
  if (inner.size() != 1 || inner.front().statement_class != StatementClass::kPlannable) {
    return status::NotSupported("EXPLAIN of this kind of statement");
  }
  const absl::Time planning_start = absl::Now();
  PlanQuery query;
  query.sql = inner.front().text;
  query.statement = &inner.front();
  query.cacheable = false;
  query.multi_statement = state_ == TransactionState::kImplicit;
  ASSIGN_OR_RETURN(auto plan, MakePlan(query));
  const int64_t planning_us = absl::ToInt64Microseconds(absl::Now() - planning_start);
  std::vector<std::optional<sql::OperatorActual>> actuals;
  int64_t execution_us = 0;
  if (explain.analyze) {
    storage::api::ExecuteOptions options;
    options.measure_time = explain.timing;
    const absl::Time start = absl::Now();
    ASSIGN_OR_RETURN(auto stream, StartPlan(&plan, query, {}, &options));
    types::Batch batch;
    for (;;) {
      ASSIGN_OR_RETURN(const bool more, stream->Next(&batch));
      if (!more) break;
    }
    execution_us = absl::ToInt64Microseconds(absl::Now() - start);
    for (const auto& op : stream->summary().operators()) {
      if (op.operator_id() >= actuals.size()) actuals.resize(op.operator_id() + 1);
      actuals[op.operator_id()] =
          sql::OperatorActual{op.rows(), op.loops(), op.rows_removed(), op.elapsed_us()};
    }
  }
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  sql::ExplainOptions options;
  options.json = explain.json;
  options.costs = explain.costs;
  options.verbose = explain.verbose || explain.predicted;
  options.analyze = explain.analyze;
  options.timing = explain.timing;
  const auto lines = sql::Explain(*plan->plan, *catalog, options,
                                  explain.analyze ? &actuals : nullptr, planning_us, execution_us);
  return SendText("QUERY PLAN", lines, "EXPLAIN", sink);
}

// ---- PREPARE, EXECUTE, cursors -----------------------------------------------------------------

absl::Status Session::RunPrepare(const sql::Statement& statement, ResultSink* sink) {
  if (statement.prepare.name.empty()) return absl::InternalError("PREPARE without a name");
  RETURN_IF_ERROR(
      Prepare(statement.prepare.name, statement.prepare.sql, statement.prepare.parameter_types));
  return sink->Complete("PREPARE");
}

absl::Status Session::RunExecute(const sql::Statement& statement, ResultSink* sink) {
  ASSIGN_OR_RETURN(const PreparedStatement* const found, FindStatement(statement.execute.name));
  const auto prepared = statements_[found->name];
  if (prepared->plan == nullptr) {
    return prepared->empty ? sink->Complete("EXECUTE") : RunUtility(prepared->statement, sink);
  }
  const size_t expected = prepared->parameter_types.size();
  if (statement.execute.argument_sql.size() != expected) {
    return status::Error(
        status::sqlstate::kSyntaxError,
        absl::StrCat("wrong number of parameters for prepared statement \"", prepared->name, "\""),
        absl::StrCat("Expected ", expected, " parameters but got ",
                     statement.execute.argument_sql.size(), "."));
  }
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  std::vector<types::Value> values;
  for (size_t i = 0; i < expected; ++i) {
    ASSIGN_OR_RETURN(
        types::Value value,
        sql::EvaluateConstant(statement.execute.argument_sql[i], prepared->parameter_types[i],
                              PlanningInputFor("", nullptr, catalog)));
    values.push_back(std::move(value));
  }
  PlanQuery query;
  query.sql = prepared->sql;
  query.parameter_types = prepared->declared_types;
  query.cacheable = prepared->scanned;
  query.described = &prepared->columns;
  if (prepared->scanned) {
    query.normalized = prepared->normalized;
    query.literals = &prepared->literals;
  }
  RETURN_IF_ERROR(Renew(query, &prepared->plan));
  RETURN_IF_ERROR(Authorize(prepared->plan.get()));
  return RunPlan(prepared->plan, query, values, sink);
}

absl::Status Session::RunCursor(const sql::Statement& statement, ResultSink* sink) {
  const sql::CursorStatement& cursor = statement.cursor;
  using Kind = sql::CursorStatement::Kind;
  if (cursor.kind == Kind::kClose && cursor.name.empty()) {
    cursors_.clear();
    return sink->Complete("CLOSE CURSOR ALL");
  }
  const auto found = cursors_.find(cursor.name);
  if (cursor.kind == Kind::kDeclare) {
    if (cursor.hold) return status::NotSupported("DECLARE CURSOR … WITH HOLD");
    if (state_ != TransactionState::kExplicit) {
      return status::Error(status::sqlstate::kNoActiveTransaction,
                           "DECLARE CURSOR can only be used in transaction blocks");
    }
    if (found != cursors_.end()) {
      return status::Error(status::sqlstate::kDuplicateCursor,
                           absl::StrCat("cursor \"", cursor.name, "\" already exists"));
    }
    ASSIGN_OR_RETURN(const auto inner, sql::Parse(cursor.query));
    if (inner.size() != 1 || inner.front().statement_class != StatementClass::kPlannable) {
      return status::NotSupported("a cursor over this kind of statement");
    }
    auto prepared = std::make_shared<PreparedStatement>();
    prepared->sql = inner.front().text;
    prepared->statement = inner.front();
    PlanQuery query;
    query.sql = prepared->sql;
    query.statement = &prepared->statement;
    query.cacheable = false;
    ASSIGN_OR_RETURN(prepared->plan, MakePlan(query));
    Portal portal;
    portal.name = cursor.name;
    Portal& target = cursors_[cursor.name] = std::move(portal);
    target.statement = prepared;
    auto stream = StartPlan(&prepared->plan, query, {}, &target.options);
    if (!stream.ok()) {
      cursors_.erase(cursor.name);
      return stream.status();
    }
    target.stream = *std::move(stream);
    return sink->Complete("DECLARE CURSOR");
  }
  if (found == cursors_.end()) {
    return status::Error(status::sqlstate::kInvalidCursorName,
                         absl::StrCat("cursor \"", cursor.name, "\" does not exist"));
  }
  if (cursor.kind == Kind::kClose) {
    cursors_.erase(found);
    return sink->Complete("CLOSE CURSOR");
  }
  if (cursor.backward || cursor.count < 0) {
    return status::NotSupported("fetching backward");
  }
  // Rows are counted and tagged as FETCH or MOVE.
  class Tagged : public ResultSink {
   public:
    Tagged(ResultSink* sink, bool move) : sink_(sink), move_(move) {}
    absl::Status BeginRows(const OutputColumns& columns) override {
      return move_ ? absl::OkStatus() : sink_->BeginRows(columns);
    }
    absl::Status Rows(const types::Batch& batch) override {
      rows_ += batch.row_count;
      return move_ ? absl::OkStatus() : sink_->Rows(batch);
    }
    absl::Status Complete(std::string_view) override { return absl::OkStatus(); }
    absl::Status Empty() override { return absl::OkStatus(); }
    void Notice(std::string_view severity, std::string_view sqlstate,
                std::string_view message) override {
      sink_->Notice(severity, sqlstate, message);
    }
    void ParameterStatus(std::string_view, std::string_view) override {}
    absl::Status BeginCopyIn(int) override { return absl::InternalError("no COPY here"); }
    absl::StatusOr<bool> ReadCopyData(std::string*) override {
      return absl::InternalError("no COPY here");
    }
    absl::Status BeginCopyOut(int) override { return absl::InternalError("no COPY here"); }
    absl::Status CopyData(std::string_view) override { return absl::InternalError("no COPY here"); }
    absl::Status EndCopyOut() override { return absl::InternalError("no COPY here"); }
    std::string Tag() const { return absl::StrCat(move_ ? "MOVE " : "FETCH ", rows_); }

   private:
    ResultSink* const sink_;
    const bool move_;
    uint64_t rows_ = 0;
  };
  Tagged tagged(sink, cursor.kind == Kind::kMove);
  bool suspended = false;
  if (cursor.count > 0) {
    RETURN_IF_ERROR(
        FetchPortal(&found->second, static_cast<uint64_t>(cursor.count), &tagged, &suspended));
  }
  return sink->Complete(tagged.Tag());
}

// ---- adbms.run_all_tables() and friends --------------------------------------------------------

absl::Status Session::RunControl(std::string_view sql, bool* handled, ResultSink* sink) {
  *handled = false;
  absl::string_view text = absl::StripAsciiWhitespace(absl::string_view(sql.data(), sql.size()));
  if (text.size() > 100 || !absl::StartsWithIgnoreCase(text, "select")) return absl::OkStatus();
  text = absl::StripLeadingAsciiWhitespace(text.substr(6));
  if (!absl::StartsWithIgnoreCase(text, "adbms.")) return absl::OkStatus();
  const size_t open = text.find('(');
  const size_t close = text.find(')');
  if (open == absl::string_view::npos || close == absl::string_view::npos || close < open) {
    return absl::OkStatus();
  }
  const absl::string_view rest = absl::StripAsciiWhitespace(text.substr(close + 1));
  if (!rest.empty() && rest != ";") return absl::OkStatus();
  const std::string function =
      absl::AsciiStrToLower(absl::StripAsciiWhitespace(text.substr(6, open - 6)));
  const absl::string_view argument =
      absl::StripAsciiWhitespace(text.substr(open + 1, close - open - 1));
  const bool known = function == "run_all_tables" || function == "revert" || function == "approve";
  if (!known) return absl::OkStatus();
  *handled = true;
  RETURN_IF_ERROR(CheckNotFailed(nullptr));
  ASSIGN_OR_RETURN(const auto policy, options_.policy->Get());
  if (!policy->superuser()) {
    return status::Error(status::sqlstate::kInsufficientPrivilege,
                         absl::StrCat("permission denied for function adbms.", function));
  }
  if (services_.orchestrator == nullptr) return status::NotSupported("the autonomous cycle here");
  if (function == "run_all_tables") {
    orchestrator::v1::RunAllTablesRequest request;
    request.set_initiator(options_.user);
    std::vector<std::string> lines;
    RETURN_IF_ERROR(services_.orchestrator->RunAllTables(
        Context(), request, [&](const orchestrator::v1::RunAllTablesResponse& step) {
          if (!step.message().empty()) lines.push_back(step.message());
          if (!step.report_directory().empty()) {
            lines.push_back(absl::StrCat("report: ", step.report_directory()));
          }
        }));
    return SendText("run_all_tables", lines, absl::StrCat("SELECT ", lines.size()), sink);
  }
  int64_t id = 0;
  if (!absl::SimpleAtoi(argument, &id)) {
    return status::Error(status::sqlstate::kInvalidTextRepresentation,
                         absl::StrCat("adbms.", function, " takes the id of an action"));
  }
  std::string verdict;
  if (function == "revert") {
    orchestrator::v1::RevertActionRequest request;
    request.set_action_id(id);
    request.set_initiator(options_.user);
    ASSIGN_OR_RETURN(const auto response, services_.orchestrator->RevertAction(Context(), request));
    verdict = response.action().verdict();
  } else {
    orchestrator::v1::ApproveActionRequest request;
    request.set_action_id(id);
    request.set_initiator(options_.user);
    ASSIGN_OR_RETURN(const auto response,
                     services_.orchestrator->ApproveAction(Context(), request));
    verdict = response.action().verdict();
  }
  return SendText(function, {verdict}, "SELECT 1", sink);
}

}  // namespace adbms::gateway::session
