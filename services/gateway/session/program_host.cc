#include "services/gateway/session/program_host.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/sql/functions/function_catalog.h"
#include "common/sql/plan/operator_tree.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"
#include "services/gateway/session/deferred_triggers.h"
#include "services/gateway/session/inner_sink.h"
#include "services/gateway/session/quoted_identifier.h"
#include "services/gateway/session/row_triggers.h"
#include "services/storage/api/evaluation.h"

namespace adbms::gateway::session {
namespace {

namespace sqlstate = status::sqlstate;
using sql::StatementClass;

// What one result of a program's statement may take.
constexpr uint64_t kMostResultBytes = RowBuffer::kMaxBytes;
// Called by plans that put a value into an array, as SET column[i] = value does.
constexpr char kArrayAssignment[] = "array with element";

// Keeps the rows, and the number in the command tag.
class CollectingSink : public InnerSink {
 public:
  CollectingSink(ResultSink* sink, program::Rows* rows) : InnerSink(sink), rows_(rows) {}

  absl::Status BeginRows(const OutputColumns& columns) override {
    outcome_.returned_rows = true;
    if (rows_ == nullptr) return absl::OkStatus();
    *rows_ = program::Rows();
    for (const auto& column : columns) {
      rows_->names.push_back(column.name());
      rows_->types.push_back(types::FromProto(column.type()));
      if (rows_->types.back().id == types::TypeId::kUnknown)
        rows_->types.back() = {types::TypeId::kText, 0};
    }
    return absl::OkStatus();
  }
  absl::Status Rows(const types::Batch& batch) override {
    if (rows_ == nullptr) return absl::OkStatus();
    if (batch.row_count == 0) return absl::OkStatus();
    rows_->batches.push_back(CopyOf(batch, 0));
    rows_->size += batch.row_count;
    rows_->bytes += BytesOf(batch);
    if (rows_->bytes > kMostResultBytes)
      return status::Error(sqlstate::kOutOfMemory,
                           "the result of a statement in a program is too large", {},
                           "Read it by a cursor, or in parts.");
    return absl::OkStatus();
  }
  absl::Status Complete(std::string_view tag) override {
    outcome_.command_tag = std::string(tag.substr(0, tag.find(' ')));
    const size_t last = tag.rfind(' ');
    if (last != std::string_view::npos &&
        tag.find_first_not_of("0123456789", last + 1) == std::string_view::npos)
      outcome_.row_count = std::stoull(std::string(tag.substr(last + 1)));
    return absl::OkStatus();
  }
  program::Outcome& outcome() { return outcome_; }

 private:
  program::Rows* const rows_;
  program::Outcome outcome_;
};

// The expression of a plan of one row with one column that depends on nothing but parameters;
// null: it is another one.
const common::v1::Expression* LoneExpression(const common::v1::Plan& plan) {
  if (plan.subplans_size() > 0 || plan.ctes_size() > 0 || plan.session_details() ||
      plan.session_effects() || plan.control_functions() || sql::plan::RunsPrograms(plan) ||
      plan.functions_size() > 0)
    return nullptr;
  const common::v1::Operator& root = plan.root();
  if (root.has_values()) {
    const auto& rows = root.values().rows();
    return rows.size() == 1 && rows[0].columns_size() == 1 ? &rows[0].columns(0) : nullptr;
  }
  if (!root.has_project() || root.project().expressions_size() != 1) return nullptr;
  const common::v1::Operator& input = root.project().input();
  const bool one_row = input.has_values() && input.values().rows_size() == 1;
  return one_row ? &root.project().expressions(0) : nullptr;
}

}  // namespace

bool IsLocal(const common::v1::Expression& e) {
  using Node = common::v1::Expression::NodeCase;
  const auto all = [](const auto& list) {
    for (const auto& one : list) {
      if (!IsLocal(one)) return false;
    }
    return true;
  };
  const auto names_objects = [](const common::v1::DataType& type) {
    const types::TypeId id = types::FromProto(type).id;
    return id == types::TypeId::kRegclass || id == types::TypeId::kRegproc ||
           id == types::TypeId::kRegnamespace || id == types::TypeId::kRegtype;
  };
  switch (e.node_case()) {
    case Node::kLiteral:
    case Node::kParameter:
    case Node::kSessionValue:
      return true;
    case Node::kCall: {
      const auto* function =
          sql::functions::FunctionCatalog::Builtin().BySignature(e.call().function());
      return function != nullptr &&
             function->volatility == sql::functions::Volatility::kImmutable &&
             all(e.call().arguments());
    }
    case Node::kCast:
      return !names_objects(e.type()) && !names_objects(e.cast().argument().type()) &&
             IsLocal(e.cast().argument());
    case Node::kLogical:
      return all(e.logical().arguments());
    case Node::kTest:
      return all(e.test().arguments());
    case Node::kCoalesce:
      return all(e.coalesce().items());
    default:
      return false;
  }
}

// Notices of programs that run before a statement.
class ProgramHost::KeptNotices : public InnerSink {
 public:
  explicit KeptNotices(Session* session) : InnerSink(nullptr), session_(*session) {}
  void Notice(std::string_view severity, const status::SqlError& notice) override {
    session_.notices_.push_back({std::string(severity), notice});
  }

 private:
  Session& session_;
};

ProgramHost::ProgramHost(Session* session, ResultSink* sink, bool may_end)
    : session_(*session), sink_(sink), may_end_(may_end) {
  if (session_.programs_ == nullptr) session_.programs_ = std::make_shared<ProgramCache>();
  if (sink_ != nullptr) return;
  kept_ = std::make_unique<KeptNotices>(session);
  sink_ = kept_.get();
}

// A statement of a program as this session has planned it.
struct ProgramHost::TextState {
  std::vector<sql::Statement> statements;
  plan_cache::CachedPlanPtr plan;  // Of the only statement, when it is plannable.
  std::string text_key;            // The text, and what its names mean.
  std::string key;                 // The same with the transition tables that it can read.
  std::string plan_key;            // Under which the plan was made: role, search path, settings.
  bool for_cursor = false;         // See Plan.cursor_rows.
  uint64_t identity = 0;           // Session::identity_ and Settings::planning_key() that this is
  std::string planning_key;        // known to be of.
  std::unique_ptr<const sql::expression::CompiledExpression> local;
  plan_cache::CachedPlanPtr local_of;  // The plan that `local` is of.
};

absl::StatusOr<ProgramHost::TextState*> ProgramHost::StateOf(program::SqlText* text) {
  if (text->state == nullptr) {
    auto state = std::make_shared<TextState>();
    ASSIGN_OR_RETURN(state->statements, sql::Parse(text->text));
    state->text_key = text->text;
    for (const sql::ParameterName& name : text->parameter_names)
      absl::StrAppend(&state->text_key, "\n", name.relation, ".", name.name, name.alone ? "" : ".");
    text->state = std::move(state);
  }
  return static_cast<TextState*>(text->state.get());
}

Session::PlanQuery ProgramHost::QueryOf(const program::SqlText& text, const TextState& state) {
  Session::PlanQuery query;
  query.sql = text.text;
  query.statement = &state.statements.front();
  query.normalized = state.key;
  query.parameter_types = text.parameter_types;
  query.parameter_names = text.parameter_names;
  query.for_cursor = state.for_cursor;
  query.cacheable = true;
  return query;
}

absl::Status ProgramHost::PlanText(program::SqlText* text, TextState* state) {
  const std::string& planning_key = session_.settings_.planning_key();
  std::string key = absl::StrCat(state->text_key, session_.TransitionKey());
  if (state->key != key) {
    state->key = std::move(key);
    state->plan = nullptr;
  }
  const bool usable = state->plan != nullptr && !session_.changed_schema_ &&
                      !session_.services_.plan_cache->IsSuperseded(*state->plan);
  if (usable && state->identity == session_.identity_ && state->planning_key == planning_key)
    return session_.Authorize(state->plan.get());
  std::string plan_key = session_.CacheKey(state->key, text->parameter_types);
  state->identity = session_.identity_;
  state->planning_key = planning_key;
  if (usable && state->plan_key == plan_key) return session_.Authorize(state->plan.get());
  state->plan = nullptr;
  const Session::PlanQuery query = QueryOf(*text, *state);
  if (!session_.changed_schema_) state->plan = session_.FindPlan(plan_key, {});
  if (state->plan != nullptr) {
    RETURN_IF_ERROR(session_.Authorize(state->plan.get()));
  } else {
    ASSIGN_OR_RETURN(state->plan, session_.MakePlan(query));
  }
  state->plan_key = std::move(plan_key);
  return absl::OkStatus();
}

absl::StatusOr<program::Outcome> ProgramHost::Run(program::SqlText* text,
                                                  const std::vector<types::Value>& values,
                                                  program::Rows* rows) {
  evaluation_.reset();
  ASSIGN_OR_RETURN(TextState* const state, StateOf(text));
  const std::shared_ptr<void> holding = text->state;
  if (state->statements.size() == 1 &&
      state->statements.front().statement_class == StatementClass::kProgram &&
      !state->statements.front().program.call.empty()) {
    CollectingSink sink(sink_, rows);
    sink.outcome().command_tag = "CALL";
    Session::PlanQuery query = QueryOf(*text, *state);
    query.cacheable = false;
    RETURN_IF_ERROR(session_.RunCall(query, values, may_end_ && savepoints_.empty(), &sink));
    return sink.outcome();
  }
  const bool plannable = state->statements.size() == 1 &&
                         state->statements.front().statement_class == StatementClass::kPlannable;
  if (!plannable) return RunStatements(state->statements, rows);
  RETURN_IF_ERROR(PlanText(text, state));
  CollectingSink sink(sink_, rows);
  const common::v1::StatementKind kind = state->plan->plan->kind();
  sink.outcome().wrote =
      kind == common::v1::STATEMENT_KIND_INSERT || kind == common::v1::STATEMENT_KIND_UPDATE ||
      kind == common::v1::STATEMENT_KIND_DELETE || kind == common::v1::STATEMENT_KIND_MERGE;
  RETURN_IF_ERROR(session_.RunPlan(state->plan, QueryOf(*text, *state), values, &sink));
  return sink.outcome();
}

absl::StatusOr<program::Outcome> ProgramHost::RunStatements(
    const std::vector<sql::Statement>& statements, program::Rows* rows) {
  program::Outcome outcome;
  for (const sql::Statement& statement : statements) {
    if (statement.statement_class == StatementClass::kPlannable) {
      program::SqlText one;
      one.text = statement.text;
      ASSIGN_OR_RETURN(outcome, Run(&one, {}, rows));
    } else {
      ASSIGN_OR_RETURN(outcome, RunUtility(statement, rows));
    }
  }
  return outcome;
}

absl::StatusOr<program::Outcome> ProgramHost::RunUtility(const sql::Statement& statement,
                                                         program::Rows* rows) {
  switch (statement.statement_class) {
    case StatementClass::kTransaction:
      return status::Error(sqlstate::kFeatureNotSupported,
                           "unsupported transaction command in PL/pgSQL", {},
                           "Use a PL/pgSQL block with an EXCEPTION clause instead.");
    case StatementClass::kCopy:
      return status::Error(sqlstate::kFeatureNotSupported,
                           "cannot COPY to/from client in PL/pgSQL");
    default:
      break;
  }
  if (session_.pending_ != nullptr) RETURN_IF_ERROR(session_.pending_->Flush());
  CollectingSink sink(sink_, rows);
  sink.outcome().command_tag = statement.command_tag;
  RETURN_IF_ERROR(session_.RunStatement(statement, /*alone=*/false, &sink));
  // Its plans may be of objects that are other ones now.
  catalog_ = nullptr;
  return sink.outcome();
}

absl::StatusOr<types::Value> ProgramHost::Evaluate(program::SqlText* text,
                                                   const std::vector<types::Value>& values) {
  ASSIGN_OR_RETURN(TextState* const state, StateOf(text));
  const std::shared_ptr<void> holding = text->state;
  if (state->statements.size() != 1 ||
      state->statements.front().statement_class != StatementClass::kPlannable)
    return status::Error(sqlstate::kSyntaxError, "not an expression");
  RETURN_IF_ERROR(PlanText(text, state));
  if (state->local_of != state->plan) {
    state->local = nullptr;
    state->local_of = state->plan;
    const common::v1::Expression* e = LoneExpression(*state->plan->plan);
    if (e != nullptr && IsLocal(*e)) {
      ASSIGN_OR_RETURN(state->local, sql::expression::Compile(*e));
    }
  }
  if (state->local != nullptr) {
    ASSIGN_OR_RETURN(types::Value value, state->local->EvaluateScalar(EvaluationWith(values)));
    value.set_type(state->local->type());
    return value;
  }
  evaluation_.reset();
  program::Rows rows;
  CollectingSink sink(sink_, &rows);
  RETURN_IF_ERROR(session_.RunPlan(state->plan, QueryOf(*text, *state), values, &sink));
  if (rows.size > 1)
    return status::Error(sqlstate::kCardinalityViolation, "query returned more than one row");
  if (rows.types.size() != 1)
    return status::Error(sqlstate::kSyntaxError,
                         absl::StrCat("query returned ", rows.types.size(), " columns"));
  return rows.size == 0 ? types::Value::Null(rows.types[0]) : rows.Row(0)[0];
}

sql::expression::EvaluationState& ProgramHost::evaluation() {
  if (evaluation_.has_value()) return *evaluation_;
  storage::api::ExecuteOptions options;
  session_.FillOptions(&options);
  storage::api::FillEvaluation(options, &evaluation_.emplace().context);
  evaluation_->context.check_interrupts = [this] { return Check(); };
  return *evaluation_;
}

sql::expression::EvaluationState& ProgramHost::EvaluationWith(
    const std::vector<types::Value>& parameters) {
  sql::expression::EvaluationState& state = evaluation();
  state.parameters = &parameters;
  state.prepared.clear();
  return state;
}

absl::StatusOr<types::Value> ProgramHost::Convert(const types::Value& value,
                                                  const types::Type& type) {
  types::Type from = value.type();
  const bool domain = types::IsDomain(type);
  if ((domain || types::HoldsDomain(type)) && from.declared != type.declared) {
    ASSIGN_OR_RETURN(types::Value base, Convert(value, types::Unchecked(type)));
    return InDomain(std::move(base), type);
  }
  if (value.is_null() && !domain) return types::Value::Null(type);
  if (from.id == type.id && from.declared == type.declared &&
      (type.modifier == 0 || from == type)) {
    types::Value same = value;
    same.set_type(type);
    return same;
  }
  const auto& catalog = sql::functions::FunctionCatalog::Builtin();
  const bool unknown = from.id == types::TypeId::kUnknown || from.id == types::TypeId::kUnspecified;
  if (!unknown && catalog.CanCast(from.id, type.id, sql::functions::CastContext::kAssignment)) {
    types::Vector input(from);
    input.Append(value);
    types::Vector result(type);
    RETURN_IF_ERROR(catalog.Cast(evaluation().context, input, /*is_explicit=*/false, &result));
    types::Value converted = result.Get(0);
    if (converted.is_null()) return types::Value::Null(type);
    converted.set_type(type);
    return converted;
  }
  return session_.ReadParameter(TextOf(value), type);
}

absl::StatusOr<types::Value> ProgramHost::InDomain(types::Value value, const types::Type& domain) {
  sql::expression::CompiledExpressionPtr& check = domains_[{domain.id, domain.declared}];
  const types::Type base = types::Unchecked(domain);
  if (check == nullptr) {
    common::v1::Expression cast;
    *cast.mutable_type() = types::ToProto(domain);
    common::v1::Expression* argument = cast.mutable_cast()->mutable_argument();
    *argument->mutable_type() = types::ToProto(base);
    argument->set_column(0);
    ASSIGN_OR_RETURN(check, sql::expression::Compile(cast));
  }
  auto column = std::make_shared<types::Vector>(base);
  if (value.is_null()) {
    column->AppendNull();
  } else {
    column->Append(value);
  }
  const types::Batch one{{std::move(column)}, 1};
  RETURN_IF_ERROR(check->Evaluate(evaluation(), one).status());
  value.set_type(domain);
  return value;
}

std::string ProgramHost::TextOf(const types::Value& value) {
  std::string text;
  if (!value.is_null()) types::FormatText(value, session_.InputOptions(), &text);
  return text;
}

absl::StatusOr<types::Value> ProgramHost::WithElement(const types::Value& array,
                                                      const types::Value& value,
                                                      const std::vector<int32_t>& position) {
  const types::Type type = array.type();
  for (const auto* function :
       sql::functions::FunctionCatalog::Builtin().FindFunctions(kArrayAssignment)) {
    if (function->arguments[0] != type.id) continue;
    std::vector<types::Vector> vectors;
    const auto add = [&](const types::Value& one, const types::Type& of) {
      types::Vector& vector = vectors.emplace_back(of);
      if (one.is_null()) {
        vector.AppendNull();
      } else {
        vector.Append(one);
      }
    };
    add(array, type);
    add(value, types::ElementOf(type));
    for (const int32_t at : position)
      add(types::Value::Int(types::TypeId::kInt4, at), {types::TypeId::kInt4, 0});
    std::vector<const types::Vector*> arguments;
    for (const types::Vector& vector : vectors) arguments.push_back(&vector);
    types::Vector result(type);
    result.Resize(1);
    RETURN_IF_ERROR(function->kernel(evaluation().context, arguments, 1, &result));
    types::Value changed = result.Get(0);
    if (types::IsDomain(type)) return InDomain(std::move(changed), type);
    changed.set_type(type);
    return changed;
  }
  return status::NotSupported("assigning to a part of such an array");
}

absl::StatusOr<types::Type> ProgramHost::TypeNamed(const std::string& text) {
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, session_.CurrentCatalog());
  ProgramCache& cache = *session_.programs_;
  if (cache.types_version != catalog->version() ||
      cache.types_path != session_.settings_.search_path()) {
    cache.types.clear();
    cache.types_version = catalog->version();
    cache.types_path = session_.settings_.search_path();
  }
  const auto known = cache.types.find(text);
  if (known != cache.types.end()) return known->second;
  ASSIGN_OR_RETURN(const types::Value value,
                   sql::EvaluateConstant(absl::StrCat("NULL::", text), {},
                                         session_.PlanningInputFor("", nullptr, catalog)));
  return cache.types[text] = value.type();
}

absl::StatusOr<const common::v1::TableDescriptor*> ProgramHost::FindTable(
    const std::vector<std::string>& names) {
  ASSIGN_OR_RETURN(catalog_, session_.CurrentCatalog());
  const std::string schema = names.size() > 1 ? names[names.size() - 2] : "";
  const auto* table =
      catalog_->ResolveTable(schema, names.back(), session_.settings_.search_path());
  if (table == nullptr)
    return status::Error(sqlstate::kUndefinedTable,
                         absl::StrCat("relation \"", schema.empty() ? "" : schema + ".",
                                      names.back(), "\" does not exist"));
  return table;
}

absl::Status ProgramHost::Savepoint() {
  // What is undone with it is what was done since.
  if (session_.pending_ != nullptr) RETURN_IF_ERROR(session_.pending_->Flush());
  const std::string name = absl::StrCat("program ", ++session_.programs_->savepoints);
  session_.BufferOpenResults();
  RETURN_IF_ERROR(session_.MakeSavepoint(name));
  session_.savepoints_.emplace_back(name, ++session_.serial_);
  session_.settings_.Savepoint();
  savepoints_.push_back(name);
  return absl::OkStatus();
}

absl::Status ProgramHost::ReleaseSavepoint() {
  session_.BufferOpenResults();
  RETURN_IF_ERROR(session_.ReleaseSavepoint(savepoints_.back()));
  savepoints_.pop_back();
  session_.savepoints_.pop_back();
  session_.settings_.Release(session_.savepoints_.size());
  return absl::OkStatus();
}

absl::Status ProgramHost::RollbackSavepoint() {
  const std::string name = savepoints_.back();
  session_.BufferOpenResults();
  // Whatever ran out of time or was cancelled: this must be done.
  rpc::CallContext context = session_.Context();
  context.deadline = absl::InfiniteFuture();
  context.cancellation = nullptr;
  RETURN_IF_ERROR(session_.RollbackToSavepoint(context, name));
  while (session_.savepoints_.back().first != name) session_.savepoints_.pop_back();
  std::erase_if(session_.cursors_, [since = session_.savepoints_.back().second](const auto& one) {
    return one.second.serial > since;
  });
  if (session_.deferred_ != nullptr)
    session_.deferred_->RollBackTo(session_.savepoints_.back().second);
  session_.settings_.RollbackTo(session_.savepoints_.size() - 1);
  session_.AdoptIdentity();
  return ReleaseSavepoint();
}

absl::Status ProgramHost::EndTransaction(bool commit) {
  if (!may_end_ || !savepoints_.empty())
    return status::Error("2D000", !savepoints_.empty()
                                      ? "cannot commit while a subtransaction is active"
                                      : "invalid transaction termination");
  RETURN_IF_ERROR(session_.EndTransaction(commit));
  return session_.BeginImplicit();
}

absl::Status ProgramHost::OpenCursor(const std::string& name, program::SqlText* text,
                                     const std::vector<types::Value>& values) {
  if (session_.FindCursor(name) != nullptr)
    return status::Error(sqlstate::kDuplicateCursor,
                         absl::StrCat("cursor \"", name, "\" already in use"));
  // As a cursor's query the text has a plan of its own.
  text->state = nullptr;
  ASSIGN_OR_RETURN(TextState* const state, StateOf(text));
  state->text_key += "\ncursor";
  state->for_cursor = true;
  if (state->statements.size() != 1 ||
      state->statements.front().statement_class != StatementClass::kPlannable)
    return status::Error("42P11", "cannot open multi-query plan as cursor");
  RETURN_IF_ERROR(PlanText(text, state));
  const common::v1::Plan& plan = *state->plan->plan;
  if (plan.kind() != common::v1::STATEMENT_KIND_SELECT)
    return status::Error(
        "42P11",
        absl::StrCat("cannot open ", state->statements.front().command_tag, " query as cursor"));
  RETURN_IF_ERROR(Session::CheckLazy(plan));
  auto prepared = std::make_shared<PreparedStatement>();
  prepared->sql = text->text;
  prepared->statement = state->statements.front();
  prepared->plan = state->plan;
  prepared->columns = state->plan->columns;
  prepared->returns_rows = true;
  prepared->identity = session_.identity_;
  Portal portal;
  portal.name = name;
  portal.statement = prepared;
  portal.scroll = true;
  portal.source = text->text;
  portal.serial = ++session_.serial_;
  ASSIGN_OR_RETURN(portal.stream, session_.StartPlan(&prepared->plan, QueryOf(*text, *state),
                                                     values, &portal.options));
  // The statement's parameters do not outlive the program's.
  session_.BufferRest(&portal);
  RETURN_IF_ERROR(portal.failure);
  session_.cursors_.emplace(name, std::move(portal));
  return absl::OkStatus();
}

std::string ProgramHost::NewCursorName() {
  for (;;) {
    std::string name = absl::StrCat("<unnamed portal ", ++session_.programs_->portals, ">");
    if (session_.FindCursor(name) == nullptr) return name;
  }
}

absl::Status ProgramHost::FetchCursor(const std::string& name, const std::string& direction,
                                      bool move, program::Rows* rows) {
  if (session_.FindCursor(name) == nullptr)
    return status::Error(sqlstate::kInvalidCursorName,
                         absl::StrCat("cursor \"", name, "\" does not exist"));
  ASSIGN_OR_RETURN(const auto statements,
                   sql::Parse(absl::StrCat("FETCH ", direction, " FROM ", QuoteIdentifier(name))));
  CollectingSink sink(sink_, rows);
  RETURN_IF_ERROR(session_.RunCursor(statements.front(), &sink));
  if (move) rows->batches.clear();
  return absl::OkStatus();
}

absl::Status ProgramHost::CloseCursor(const std::string& name) {
  if (session_.FindCursor(name) == nullptr)
    return status::Error(sqlstate::kInvalidCursorName,
                         absl::StrCat("cursor \"", name, "\" does not exist"));
  session_.ClosePortal(name);
  return absl::OkStatus();
}

void ProgramHost::Notice(std::string_view level, const status::SqlError& notice) {
  sink_->Notice(level, notice);
}

absl::Status ProgramHost::Check() {
  RETURN_IF_ERROR(session_.Context().Check());
  return session_.CheckSignals();
}

}  // namespace adbms::gateway::session
