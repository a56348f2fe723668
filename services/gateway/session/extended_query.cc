// Session's half for the extended protocol: prepared statements and portals.
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/inner_sink.h"
#include "services/gateway/session/session.h"
#include "services/gateway/session/statement_text.h"

namespace adbms::gateway::session {
namespace {

constexpr int64_t kPostgresEpochUs = 946684800000000;

}  // namespace

absl::Status Session::Prepare(const std::string& name, std::string_view sql,
                              std::vector<types::Type> parameter_types) {
  StartStatement();  // A cancel or timeout of the one before is over.
  const absl::Status status = PrepareText(name, sql, std::move(parameter_types));
  AuditDenied(sql, status);
  return status;
}

absl::Status Session::PrepareText(const std::string& name, std::string_view sql,
                                  std::vector<types::Type> parameter_types) {
  auto prepared = std::make_shared<PreparedStatement>();
  prepared->name = name;
  prepared->sql = std::string(WithoutFinalSemicolon(sql));
  prepared->declared_types = std::move(parameter_types);
  sql::ScannedStatement scanned;
  const bool lifted = !changed_schema_ && sql::ScanLiterals(prepared->sql, &scanned) &&
                      !scanned.multiple_statements && IsPlannableWord(scanned.first_word);
  if (lifted) {
    prepared->scanned = true;
    prepared->normalized = std::move(scanned.key);
    prepared->literals = std::move(scanned.literals);
    if (state_ != TransactionState::kFailed) {
      prepared->plan =
          FindPlan(CacheKey(prepared->normalized, prepared->declared_types), prepared->literals);
    }
    // The client is going to hold the statement to the columns that it is told of now.
    if (prepared->plan != nullptr && !IsCurrent(*prepared->plan->plan)) prepared->plan = nullptr;
  }
  if (prepared->plan != nullptr) {
    RETURN_IF_ERROR(Authorize(prepared->plan.get()));
    prepared->statement.statement_class = sql::StatementClass::kPlannable;
    prepared->statement.text = prepared->sql;
  } else {
    ASSIGN_OR_RETURN(const auto statements, ParseText(prepared->sql));
    if (statements->size() > 1) {
      return status::Error(status::sqlstate::kSyntaxError,
                           "cannot insert multiple commands into a prepared statement");
    }
    prepared->empty = statements->empty();
    if (!prepared->empty) prepared->statement = statements->front();
    RETURN_IF_ERROR(CheckNotFailed(prepared->empty ? nullptr : &prepared->statement));
    if (!prepared->empty &&
        prepared->statement.statement_class == sql::StatementClass::kPlannable) {
      PlanQuery query;
      query.sql = prepared->sql;
      query.statement = &prepared->statement;
      query.parameter_types = prepared->declared_types;
      query.cacheable = lifted;
      if (lifted) {
        query.normalized = prepared->normalized;
        query.literals = &prepared->literals;
      }
      ASSIGN_OR_RETURN(prepared->plan, MakePlan(query));
    }
  }
  if (prepared->plan != nullptr) {
    const common::v1::Plan& plan = *prepared->plan->plan;
    for (uint32_t i = 0; i < plan.client_parameters(); ++i) {
      prepared->parameter_types.push_back(prepared->plan->parameter_types[i]);
    }
    prepared->columns = prepared->plan->columns;
    prepared->returns_rows =
        plan.kind() == common::v1::STATEMENT_KIND_SELECT || !prepared->columns.empty();
  } else if (!prepared->empty) {
    const auto statement_class = prepared->statement.statement_class;
    if (statement_class == sql::StatementClass::kExplain) {
      RETURN_IF_ERROR(InferExplained(prepared.get()));
    }
    // What EXECUTE and FETCH answer is known by what they name, if that is there already.
    const PreparedStatement* described = nullptr;
    if (statement_class == sql::StatementClass::kExecute) {
      const auto named = statements_.find(prepared->statement.execute.name);
      if (named != statements_.end()) described = named->second.get();
    } else if (statement_class == sql::StatementClass::kCursor &&
               prepared->statement.cursor.kind == sql::CursorStatement::Kind::kFetch) {
      const Portal* named = FindCursor(prepared->statement.cursor.name);
      if (named != nullptr) described = named->statement.get();
    }
    if (described != nullptr) {
      prepared->columns =
          described->plan == nullptr ? described->columns : described->plan->columns;
      prepared->returns_rows = prepared->columns.size() > 0;
    }
    if (statement_class == sql::StatementClass::kShow ||
        statement_class == sql::StatementClass::kExplain) {
      *prepared->columns.Add() = TextColumn(prepared->statement);
      prepared->returns_rows = true;
    }
  }
  if (!name.empty() && statements_.contains(name)) {
    return status::Error(status::sqlstate::kDuplicatePreparedStatement,
                         absl::StrCat("prepared statement \"", name, "\" already exists"));
  }
  prepared->identity = identity_;
  prepared->prepared_us = absl::ToUnixMicros(absl::Now()) - kPostgresEpochUs;
  statements_[name] = std::move(prepared);
  return absl::OkStatus();
}

// The types of the parameters of what is explained, which nobody but a plan knows.
absl::Status Session::InferExplained(PreparedStatement* prepared) {
  ASSIGN_OR_RETURN(const auto inner, sql::Parse(prepared->statement.explain.sql));
  if (inner.size() != 1 || inner.front().statement_class != sql::StatementClass::kPlannable)
    return absl::OkStatus();
  PlanQuery query;
  query.sql = inner.front().text;
  query.statement = &inner.front();
  query.parameter_types = prepared->declared_types;
  query.cacheable = false;
  ASSIGN_OR_RETURN(const auto plan, MakePlan(query));
  for (uint32_t i = 0; i < plan->plan->client_parameters(); ++i)
    prepared->parameter_types.push_back(plan->parameter_types[i]);
  return absl::OkStatus();
}

absl::StatusOr<types::Type> Session::TypeWithOid(uint32_t oid) {
  if (const auto built_in = types::FromOid(oid)) return types::Type{*built_in, 0};
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  const std::optional<types::Type> type = sql::TypeWithOid(oid, *catalog);
  if (type.has_value()) return *type;
  return status::Error(status::sqlstate::kUndefinedObject,
                       absl::StrCat("type with OID ", oid, " does not exist"));
}

absl::StatusOr<types::Type> Session::Renewed(const types::Type& type) {
  if (type.declared == nullptr) return type;
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  return sql::TypeWithOid(types::OidOf(type), *catalog).value_or(type);
}

absl::StatusOr<types::Value> Session::ReadParameter(std::string_view text,
                                                    const types::Type& type) {
  const bool named = type.id == types::TypeId::kRegclass || type.id == types::TypeId::kRegproc ||
                     type.id == types::TypeId::kRegnamespace || type.id == types::TypeId::kRegtype;
  if (!named) return types::ParseText(text, type, InputOptions());
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  std::string literal = "'";
  for (const char c : text) literal += c == '\'' ? "''" : std::string(1, c);
  return sql::EvaluateConstant(literal + "'", type, PlanningInputFor("", nullptr, catalog));
}

absl::StatusOr<const PreparedStatement*> Session::FindStatement(const std::string& name) {
  const auto found = statements_.find(name);
  if (found == statements_.end()) {
    return status::Error(status::sqlstate::kInvalidStatementName,
                         name.empty()
                             ? "unnamed prepared statement does not exist"
                             : absl::StrCat("prepared statement \"", name, "\" does not exist"));
  }
  return found->second.get();
}

absl::Status Session::Bind(const std::string& portal, const std::string& statement,
                           std::vector<types::Value> parameters) {
  StartStatement();
  const auto found = statements_.find(statement);
  if (found == statements_.end()) return FindStatement(statement).status();
  RETURN_IF_ERROR(CheckNotFailed(&found->second->statement));
  if (!portal.empty() && (portals_.contains(portal) || cursors_.contains(portal))) {
    return status::Error(status::sqlstate::kDuplicateCursor,
                         absl::StrCat("cursor \"", portal, "\" already exists"));
  }
  Portal& target = portals_[portal];
  target = Portal();
  target.name = portal;
  target.statement = found->second;
  target.parameters = std::move(parameters);
  target.created_us = absl::ToUnixMicros(absl::Now()) - kPostgresEpochUs;
  return absl::OkStatus();
}

Portal* Session::FindCursor(const std::string& name) {
  const auto portal = portals_.find(name);
  if (portal != portals_.end()) return &portal->second;
  const auto cursor = cursors_.find(name);
  return cursor == cursors_.end() ? nullptr : &cursor->second;
}

absl::StatusOr<Portal*> Session::FindPortal(const std::string& name) {
  Portal* const found = FindCursor(name);
  if (found == nullptr) {
    return status::Error(status::sqlstate::kInvalidCursorName,
                         absl::StrCat("portal \"", name, "\" does not exist"));
  }
  return found;
}

absl::Status Session::Execute(const std::string& name, uint64_t max_rows, bool alone,
                              ResultSink* sink, bool* suspended) {
  *suspended = false;
  StartStatement();
  ASSIGN_OR_RETURN(Portal* const portal, FindPortal(name));
  const std::shared_ptr<PreparedStatement> prepared = portal->statement;
  const absl::Status status = ExecutePortal(portal, max_rows, alone, sink, suspended);
  if (prepared->plan == nullptr) {
    AuditDenied(prepared->statement, status);
  } else {
    AuditDenied(std::string_view(prepared->sql), status);
  }
  return status;
}

absl::Status Session::ExecutePortal(Portal* portal, uint64_t max_rows, bool alone, ResultSink* sink,
                                    bool* suspended) {
  PreparedStatement& prepared = *portal->statement;
  if (prepared.empty) return sink->Empty();
  RETURN_IF_ERROR(CheckNotFailed(&prepared.statement));
  source_ = prepared.sql;
  if (prepared.statement.statement_class == sql::StatementClass::kExplain) {
    const absl::Status status =
        RunExplain(prepared.statement, prepared.declared_types, portal->parameters, sink);
    (status.ok() ? services_.metrics->succeeded : services_.metrics->failed).Increment();
    return status;
  }
  if (prepared.plan == nullptr) {
    // What is set is undone with the statements that share its Sync.
    const sql::StatementClass statement_class = prepared.statement.statement_class;
    if ((!alone && statement_class == sql::StatementClass::kSet) ||
        (AloneIsATransaction() && NeedsTransaction(statement_class)))
      RETURN_IF_ERROR(BeginImplicit());
    return RunStatement(prepared.statement, /*alone=*/true, sink);
  }
  if (portal->scroll) {
    sql::Statement fetch;
    fetch.cursor.kind = sql::CursorStatement::Kind::kFetch;
    fetch.cursor.name = portal->name;
    fetch.cursor.direction = sql::CursorStatement::Direction::kForward;
    fetch.cursor.count = max_rows == 0 ? INT64_MAX : static_cast<int64_t>(max_rows);
    return RunCursor(fetch, sink);
  }
  if (portal->stream != nullptr || portal->rows.has_value() || portal->done) {
    return FetchPortal(portal, max_rows, sink, suspended);
  }
  // A portal that may be left half-read, and statements that share one Sync, need a transaction
  // around them.
  if (!alone || max_rows > 0 || AloneIsATransaction()) RETURN_IF_ERROR(BeginImplicit());
  if (max_rows > 0) {
    RETURN_IF_ERROR(OpenPortal(portal));
    return FetchPortal(portal, max_rows, sink, suspended);
  }
  const PlanQuery query = QueryOf(prepared);
  RETURN_IF_ERROR(Refit(query, &prepared));
  RETURN_IF_ERROR(Authorize(prepared.plan.get()));
  return RunPlan(prepared.plan, query, portal->parameters, sink);
}

Session::PlanQuery Session::QueryOf(const PreparedStatement& prepared) {
  PlanQuery query;
  query.sql = prepared.sql;
  query.statement = prepared.statement.tree == nullptr ? nullptr : &prepared.statement;
  query.parameter_types = prepared.declared_types;
  query.cacheable = prepared.scanned;
  query.described = &prepared.columns;
  if (prepared.scanned) {
    query.normalized = prepared.normalized;
    query.literals = &prepared.literals;
  }
  return query;
}

absl::Status Session::OpenPortal(Portal* portal) {
  PreparedStatement& prepared = *portal->statement;
  const PlanQuery query = QueryOf(prepared);
  RETURN_IF_ERROR(Refit(query, &prepared));
  RETURN_IF_ERROR(Authorize(prepared.plan.get()));
  // What it writes, and which triggers it fires, does not depend on how many of its rows are
  // fetched.
  if (prepared.plan->plan->kind() != common::v1::STATEMENT_KIND_SELECT ||
      prepared.plan->plan->has_trigger_rows())
    return RunPortal(portal, query);
  ASSIGN_OR_RETURN(portal->stream,
                   StartPlan(&prepared.plan, query, portal->parameters, &portal->options));
  if (prepared.plan->plan->eager_ctes_size() > 0) BufferRest(portal);
  return std::exchange(portal->failure, absl::OkStatus());
}

absl::Status Session::RunPortal(Portal* portal, const PlanQuery& query) {
  class BufferingSink : public InnerSink {
   public:
    BufferingSink(Session* session, Portal* portal)
        : InnerSink(nullptr), session_(*session), portal_(*portal) {}
    absl::Status Rows(const types::Batch& batch) override { return portal_.rows->Append(batch); }
    absl::Status Complete(std::string_view tag) override {
      portal_.rows_affected = std::stoull(std::string(tag.substr(tag.rfind(' ') + 1)));
      return absl::OkStatus();
    }
    void Notice(std::string_view severity, const status::SqlError& notice) override {
      session_.notices_.push_back({std::string(severity), notice});
    }

   private:
    Session& session_;
    Portal& portal_;
  };
  portal->rows.emplace();
  BufferingSink sink(this, portal);
  return RunPlan(portal->statement->plan, query, portal->parameters, &sink);
}

void Session::CloseStatement(const std::string& name) { statements_.erase(name); }
void Session::ClosePortal(const std::string& name) {
  portals_.erase(name);
  cursors_.erase(name);
}

absl::Status Session::Sync() {
  if (state_ != TransactionState::kImplicit) return absl::OkStatus();
  portals_.clear();
  return EndTransaction(/*commit=*/true);
}

}  // namespace adbms::gateway::session
