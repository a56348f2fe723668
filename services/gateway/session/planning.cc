// How a session comes to a plan: the optimizer, or the default planner where prediction is
// restricted.
#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/sql/catalog_numbers.h"
#include "common/sql/functions/jsonpath_cache.h"
#include "common/sql/plan/operator_tree.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/policy/authorize.h"
#include "services/gateway/session/session.h"
#include "services/gateway/session/statement_text.h"

namespace adbms::gateway::session {
namespace {

// How long what a program runs goes by the same catalog: a look at it may be a call of storage.
constexpr absl::Duration kProgramLookInterval = absl::Milliseconds(10);

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// Whether the optimizer could not be asked, as opposed to having refused the statement.
bool OutOfReach(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsUnauthenticated(status);
}

// Whether its executions can be compared with those of another plan of the statement: it only
// reads, and nothing runs beside it.
bool IsMeasurable(const common::v1::Plan& plan) {
  return plan.read_only() && plan.kind() == common::v1::STATEMENT_KIND_SELECT &&
         plan.restriction().empty() && !plan.session_dependent() && !plan.session_effects() &&
         !plan.control_functions() && !plan.has_trigger_rows() && plan.tables_size() > 0 &&
         !sql::plan::RunsPrograms(plan);
}

absl::StatusOr<types::Value> ParseLiteral(const sql::Literal& literal, const types::Type& type,
                                          const types::TextOptions& options) {
  if (type.id == types::TypeId::kUnspecified || type.id == types::TypeId::kUnknown) {
    return types::Value::String({types::TypeId::kUnknown, 0}, literal.value);
  }
  auto value = types::ParseText(literal.value, type, options);
  if (value.ok() && type.id == types::TypeId::kJsonpath)
    RETURN_IF_ERROR(sql::functions::CheckJsonpathRegexes(value->bytes()));
  return value;
}

// What the same text would not mean elsewhere: in another database, or along another search path.
std::string MeaningOf(const common::v1::Plan& plan, uint32_t database_id) {
  std::string meaning =
      database_id == sql::kDatabaseOid ? std::string() : absl::StrCat(database_id, " ");
  for (const common::v1::TableUse& table : plan.tables()) {
    const std::string schema = table.name().substr(0, table.name().find('.'));
    if (schema != "public" && !policy::IsSystemSchema(schema))
      absl::StrAppend(&meaning, table.name(), " ");
  }
  return meaning;
}

}  // namespace

std::string Session::CacheKey(std::string_view normalized,
                              const std::vector<types::Type>& parameter_types) {
  std::string key;
  key.reserve(normalized.size() + current_user_.size() + settings_.planning_key().size() + 16);
  key.append(normalized);
  key += '\0';
  key += current_user_;
  key += '\0';
  key += settings_.planning_key();
  key += '\0';
  absl::StrAppend(&key, database_id_);
  key += TemporaryKey();
  for (const types::Type& type : parameter_types) {
    key += '\0';
    absl::StrAppend(&key, static_cast<int>(type.id));
    if (type.declared != nullptr) absl::StrAppend(&key, ".", types::OidOf(type));
  }
  return key;
}

plan_cache::CachedPlanPtr Session::FindPlan(const std::string& key,
                                            const std::vector<sql::Literal>& literals) {
  return entered_ ? services_.plan_cache->Find(key, literals) : nullptr;
}

void Session::TemporaryChanged(const std::string& schema) {
  if (schema.empty()) return;
  settings_.SetTemporarySchema(schema);
  temporary_key_.reset();
  // A prepared statement may mean another table now.
  ++identity_;
}

const std::string& Session::TemporaryKey() {
  if (temporary_key_.has_value()) return *temporary_key_;
  temporary_key_.emplace();
  const auto catalog = CurrentCatalog();
  if (!catalog.ok()) {
    // Like no other.
    *temporary_key_ = absl::StrCat("|", telemetry::NewTraceId());
    return *temporary_key_;
  }
  // Numbers are never used again: nobody else comes to the key.
  for (const common::v1::TableDescriptor& table : (*catalog)->snapshot().tables()) {
    if (table.schema() == settings_.temporary_schema())
      absl::StrAppend(&*temporary_key_, "|", table.table_id(), table.name());
  }
  for (const common::v1::FunctionDescriptor& function : (*catalog)->snapshot().functions()) {
    if (function.schema() == settings_.temporary_schema())
      absl::StrAppend(&*temporary_key_, "|f", function.function_id());
  }
  return *temporary_key_;
}

bool Session::IsCurrent(const common::v1::Plan& plan) const {
  const sql::CatalogPtr catalog = services_.catalog->Known(options_.database);
  if (catalog == nullptr) return true;
  for (const common::v1::TableUse& use : plan.tables()) {
    const auto* table = catalog->FindTable(use.table_id());
    if (table == nullptr || table->schema_version() > use.schema_version()) return false;
  }
  for (const common::v1::TypeUse& use : plan.types()) {
    const auto* type = catalog->FindType(use.type_oid());
    if (type == nullptr || type->schema_version() > use.schema_version()) return false;
  }
  for (const common::v1::FunctionUse& use : plan.functions()) {
    const auto* function = catalog->FindFunction(use.function_id());
    if (function == nullptr || function->version() > use.version()) return false;
  }
  return true;
}

absl::StatusOr<sql::CatalogPtr> Session::CurrentCatalog() {
  if (!changed_schema_) {
    auto catalog = services_.catalog->Get(Context(), options_.database);
    if (!entered_) {
      RETURN_IF_ERROR(catalog.status());
      RETURN_IF_ERROR(CheckConnect(**catalog));
    }
    // Dropped with FORCE, or while storage was gone with its memory of who is in which database.
    const bool dropped =
        catalog.ok() ? (*catalog)->snapshot().database_id() != database_id_
                     : status::HasSqlState(catalog.status(), status::sqlstate::kInvalidCatalogName);
    if (!dropped) return catalog;
    return status::Error(status::sqlstate::kAdminShutdown,
                         "terminating connection due to administrator command");
  }
  ASSIGN_OR_RETURN(auto snapshot, storage_->GetCatalog(Context()));
  return std::make_shared<const sql::Catalog>(std::move(snapshot));
}

absl::StatusOr<sql::CatalogPtr> Session::ProgramCatalog() {
  const absl::Time now = absl::Now();
  if (changed_schema_ || seen_catalog_ == nullptr || now - seen_at_ > kProgramLookInterval) {
    ASSIGN_OR_RETURN(seen_catalog_, CurrentCatalog());
    seen_at_ = now;
  }
  return seen_catalog_;
}

sql::PlanningInput Session::PlanningInputFor(std::string_view sql, const sql::Statement* statement,
                                             const sql::CatalogPtr& catalog) {
  sql::PlanningInput input;
  input.sql = std::string(sql);
  input.statement = statement;
  input.catalog = catalog;
  input.statistics = services_.catalog->statistics();
  input.search_path = settings_.search_path();
  input.current_user = current_user_;
  input.session_user = session_user_;
  input.database = options_.database;
  input.time_zone = settings_.time_zone();
  input.switches = settings_.switches();
  input.date_order = settings_.text_options().date_format.order;
  input.transition_tables = TransitionShapes();
  return input;
}

absl::StatusOr<common::v1::RoleFacts> Session::FactsOf(const std::string& role) {
  ASSIGN_OR_RETURN(policy::PolicyPtr policy, policy_->Get());
  common::v1::RoleFacts facts;
  facts.set_role(role);
  if (role != policy->role()) {
    auto other = services_.policies->Of(Context(), role, policy->version());
    // Nobody's, who has no rights.
    if (absl::IsNotFound(other.status())) return facts;
    ASSIGN_OR_RETURN(policy, std::move(other));
  }
  facts.set_bypasses(policy->superuser() || policy->bypass_row_security());
  *facts.mutable_member_of() = policy->member_of();
  return facts;
}

absl::StatusOr<common::v1::Plan> Session::WithRoles(
    const std::function<
        absl::StatusOr<common::v1::Plan>(const std::vector<common::v1::RoleFacts>& roles)>& plan) {
  std::vector<common::v1::RoleFacts> roles;
  for (;;) {
    auto made = plan(roles);
    if (!status::HasSqlState(made.status(), sql::kUnknownRole)) return made;
    const std::string role = status::FromStatus(made.status()).detail;
    if (std::any_of(roles.begin(), roles.end(),
                    [&role](const auto& known) { return known.role() == role; }))
      return absl::InternalError("the planner asks for a role again");
    ASSIGN_OR_RETURN(common::v1::RoleFacts facts, FactsOf(role));
    roles.push_back(std::move(facts));
  }
}

absl::StatusOr<bool> Session::KnowsRoles(const common::v1::Plan& plan) {
  for (const common::v1::RoleFacts& before : plan.roles()) {
    ASSIGN_OR_RETURN(const common::v1::RoleFacts now, FactsOf(before.role()));
    const std::set<std::string> had(before.member_of().begin(), before.member_of().end());
    const std::set<std::string> has(now.member_of().begin(), now.member_of().end());
    if (before.bypasses() != now.bypasses() || had != has) return false;
  }
  return true;
}

std::string_view Session::KeyText(const PlanQuery& query) {
  return query.normalized.empty() ? query.sql : query.normalized;
}

uint64_t Session::TemplateKey(const PlanQuery& query) const {
  return sql::Fingerprint(absl::StrCat(database_id_, " ", View(KeyText(query))));
}

absl::StatusOr<common::v1::Plan> Session::AskPlanner(const PlanQuery& query,
                                                     const sql::CatalogPtr& catalog,
                                                     std::string* restriction,
                                                     optimizer::v1::PlanResponse* said) {
  const auto restrict = [&](const char* text, prometheus::Counter& counter) {
    *restriction = text;
    counter.Increment();
  };
  StatementMetrics& metrics = *services_.metrics;
  if (query.multi_statement) {
    restrict("a statement of a multi-statement batch", metrics.restricted_multi_statement);
  } else if (changed_schema_) {
    restrict("the transaction has changed the schema", metrics.restricted_schema_changed);
  } else if (services_.optimizer == nullptr) {
    restrict("no optimizer is configured", metrics.restricted_out_of_reach);
  }
  if (restriction->empty()) {
    optimizer::v1::PlanRequest request;
    request.set_sql(std::string(query.sql));
    for (const types::Type& type : query.parameter_types) {
      *request.add_parameter_types() = types::ToProto(type);
    }
    for (const sql::ParameterName& name : query.parameter_names) {
      optimizer::v1::ParameterName* named = request.add_parameter_names();
      named->set_relation(name.relation);
      named->set_name(name.name);
      named->set_alone(name.alone);
    }
    for (const sql::TransitionTable& table : TransitionShapes()) {
      optimizer::v1::TransitionTable* given = request.add_transition_tables();
      given->set_name(table.name);
      for (const auto& [name, type] : table.columns) {
        common::v1::OutputColumn* column = given->add_columns();
        column->set_name(name);
        *column->mutable_type() = types::ToProto(type);
      }
    }
    request.set_lift_literals(query.literals != nullptr);
    if (query.literals != nullptr) {
      for (const sql::Literal& literal : *query.literals) {
        optimizer::v1::LiftedLiteral* lifted = request.add_literals();
        lifted->set_kind(static_cast<uint32_t>(literal.kind));
        lifted->set_offset(literal.offset);
        lifted->set_length(literal.length);
        lifted->set_value(literal.value);
      }
    }
    for (const std::string& schema : settings_.search_path()) request.add_search_path(schema);
    request.set_current_user(current_user_);
    request.set_session_user(session_user_);
    request.set_database(options_.database);
    request.set_time_zone(settings_.time_zone());
    *request.mutable_switches() = settings_.switches();
    request.set_date_order(static_cast<uint32_t>(settings_.text_options().date_format.order));
    request.set_for_cursor(query.for_cursor);
    request.set_alternative(settings_.plan_alternative());
    request.set_wanted_shape(query.wanted_shape);
    request.set_list_alternatives(query.answer != nullptr);
    // A choice is made for what is cached.
    if (query.cacheable && settings_.plan_alternative() == 0)
      request.set_template_key(TemplateKey(query));
    request.set_catalog_version(catalog->version());
    if (const auto statistics = services_.catalog->statistics(); statistics != nullptr)
      request.set_statistics_version(statistics->version());
    auto plan = WithRoles([&](const auto& roles) -> absl::StatusOr<common::v1::Plan> {
      request.mutable_roles()->Assign(roles.begin(), roles.end());
      ASSIGN_OR_RETURN(*said, services_.optimizer->Plan(Context(), request));
      common::v1::Plan made;
      made.Swap(said->mutable_plan());
      return made;
    });
    if (plan.ok() || !OutOfReach(plan.status())) return plan;
    restrict("the optimizer is out of reach", metrics.restricted_out_of_reach);
  }
  services_.metrics->default_plans.Increment();
  sql::PlanningInput input = PlanningInputFor(query.sql, query.statement, catalog);
  input.parameter_types = query.parameter_types;
  input.parameter_names = query.parameter_names;
  input.for_cursor = query.for_cursor;
  input.literals = query.literals;
  return WithRoles([&](const auto& roles) {
    input.roles = roles;
    return sql::PlanDefault(input);
  });
}

absl::StatusOr<plan_cache::CachedPlanPtr> Session::Ready(const PlanQuery& query,
                                                         common::v1::Plan plan,
                                                         uint64_t policy_version) {
  auto cached = std::make_shared<plan_cache::CachedPlan>();
  cached->policy_version = policy_version;
  cached->columns = ClientColumns(plan);
  for (const auto& type : plan.parameter_types()) {
    cached->parameter_types.push_back(types::FromProto(type));
  }
  const auto add_table = [&cached](uint32_t id) {
    auto& ids = cached->table_ids;
    if (id != 0 && std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  };
  for (const auto& table : plan.tables()) {
    cached->temporary |= absl::StartsWith(table.name(), View(sql::kTemporaryPrefix));
    add_table(table.table_id());
  }
  // Partitions are scanned without being listed.
  sql::plan::ForEachRoot(&plan, [&](common::v1::Operator* root) {
    sql::plan::ForEachOperator(root, [&](common::v1::Operator* op) {
      add_table(op->seq_scan().table_id());
      add_table(op->index_scan().table_id());
    });
  });
  if (query.literals != nullptr) {
    for (const uint32_t pinned : plan.pinned_literals()) {
      cached->pinned_values.push_back(
          pinned < query.literals->size() ? (*query.literals)[pinned].value : std::string());
    }
  }
  const std::string key_text(KeyText(query));
  // A program's statement is shown as it stands there.
  cached->normalized_sql = query.parameter_names.empty()
                               ? Readable(key_text, plan.client_parameters())
                               : std::string(query.sql);
  cached->fingerprint =
      sql::Fingerprint(absl::StrCat(MeaningOf(plan, database_id_), cached->normalized_sql));
  cached->key = CacheKey(key_text, query.parameter_types);
  cached->plan = std::make_shared<const common::v1::Plan>(std::move(plan));
  ASSIGN_OR_RETURN(cached->prepared, services_.storage->Prepare(Context(), cached->plan));
  RETURN_IF_ERROR(PrepareInputs(cached.get()));
  return cached;
}

absl::StatusOr<plan_cache::CachedPlanPtr> Session::MakePlan(const PlanQuery& query) {
  const absl::Time start = absl::Now();
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  std::string restriction;
  common::v1::Plan plan;
  optimizer::v1::PlanResponse said;
  uint64_t policy_version = 0;
  // Until the roles are what it was made for under the policies that it is authorized by.
  for (bool known = false; !known;) {
    RETURN_IF_ERROR(Context().Check());
    restriction.clear();
    said.Clear();
    ASSIGN_OR_RETURN(plan, AskPlanner(query, catalog, &restriction, &said));
    ASSIGN_OR_RETURN(policy_version, AuthorizePlan(plan, *catalog));
    ASSIGN_OR_RETURN(known, KnowsRoles(plan));
  }
  if (!restriction.empty()) plan.set_restriction(restriction);
  const bool shareable = query.cacheable && !plan.session_dependent() && !changed_schema_ &&
                         query.wanted_shape == 0 && query.answer == nullptr;
  ASSIGN_OR_RETURN(auto cached, Ready(query, std::move(plan), policy_version));
  cached->planning_us = absl::ToInt64Microseconds(absl::Now() - start);
  cached->template_key = query.cacheable ? TemplateKey(query) : 0;
  cached->region = said.region();
  cached->choice = said.choice();
  cached->measurable = IsMeasurable(*cached->plan) && !cached->temporary &&
                       settings_.plan_alternative() == 0 && query.parameter_names.empty();
  if (query.answer != nullptr) *query.answer = std::move(said);
  // A plan made without the optimizer is not kept: the next execution asks again. Nor is one made
  // with statistics that are known to be outdated, by an optimizer that has not looked since.
  const auto statistics = services_.catalog->statistics();
  const bool outdated =
      statistics != nullptr && cached->plan->statistics_version() < statistics->version();
  cached->superseded.store(outdated, std::memory_order_relaxed);
  if (shareable && restriction.empty() && !outdated) services_.plan_cache->Insert(cached);
  return cached;
}

absl::Status Session::Renew(const PlanQuery& query, plan_cache::CachedPlanPtr* plan) {
  if (!query.cacheable || query.literals == nullptr || changed_schema_ ||
      !services_.plan_cache->IsSuperseded(**plan))
    return absl::OkStatus();
  auto found = FindPlan(CacheKey(query.normalized, query.parameter_types), *query.literals);
  if (found == nullptr) {
    ASSIGN_OR_RETURN(found, MakePlan(query));
  }
  *plan = std::move(found);
  return absl::OkStatus();
}

absl::Status Session::Refit(const PlanQuery& query, PreparedStatement* prepared) {
  return prepared->identity == identity_ ? Renew(query, &prepared->plan)
                                         : MakePlanFor(query, prepared);
}

absl::Status Session::MakePlanFor(const PlanQuery& query, PreparedStatement* prepared) {
  plan_cache::CachedPlanPtr plan;
  if (query.cacheable && query.literals != nullptr && !changed_schema_) {
    plan = FindPlan(CacheKey(query.normalized, query.parameter_types), *query.literals);
  }
  if (plan == nullptr) {
    ASSIGN_OR_RETURN(plan, MakePlan(query));
  }
  if (query.described != nullptr && !SameColumns(*query.described, plan->columns))
    return ResultChanged();
  prepared->plan = std::move(plan);
  prepared->identity = identity_;
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> Session::AuthorizePlan(const common::v1::Plan& plan,
                                                const sql::Catalog& catalog) {
  ASSIGN_OR_RETURN(const auto policy, policy_->Get());
  const auto policy_of = [&](const std::string& role) {
    return services_.policies->Of(Context(), role, policy->version());
  };
  // Who calls a function uses its schema; a trigger's is called by its table.
  for (const common::v1::FunctionUse& use : plan.functions()) {
    const auto* function = catalog.FindFunction(use.function_id());
    if (function == nullptr || function->returns_trigger()) continue;
    RETURN_IF_ERROR(
        policy::AuthorizeSchema(*policy, catalog, function->schema(), common::v1::PRIVILEGE_USAGE));
    if (use.as_role().empty()) {
      RETURN_IF_ERROR(policy::AuthorizeFunction(*policy, *function));
      continue;
    }
    ASSIGN_OR_RETURN(const auto acting, policy_of(use.as_role()));
    RETURN_IF_ERROR(policy::AuthorizeFunction(*acting, *function));
  }
  uint64_t version = 0;
  RETURN_IF_ERROR(policy::Authorize(*policy, plan, catalog, policy_of, &version));
  return version;
}

absl::Status Session::Authorize(plan_cache::CachedPlan* plan) {
  ASSIGN_OR_RETURN(const auto policy, policy_->Get());
  if (plan->policy_version.load(std::memory_order_acquire) == policy->version()) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  // Who runs it makes it anew, which authorizes the new one.
  ASSIGN_OR_RETURN(const bool known, KnowsRoles(*plan->plan));
  if (!known) {
    plan->misjudges.store(true, std::memory_order_release);
    plan->superseded.store(true, std::memory_order_relaxed);
    return absl::OkStatus();
  }
  const auto version = AuthorizePlan(*plan->plan, *catalog);
  if (status::HasSqlState(version.status(), status::sqlstate::kStalePlan)) return absl::OkStatus();
  RETURN_IF_ERROR(version.status());
  plan->policy_version.store(*version, std::memory_order_release);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<types::Value>> Session::Parameters(
    const plan_cache::CachedPlan& plan, const std::vector<types::Value>& client,
    const std::vector<sql::Literal>& literals) {
  std::vector<types::Value> values;
  values.reserve(plan.parameter_types.size());
  const uint32_t own = plan.plan->client_parameters();
  if (client.size() != own) {
    return status::Error(status::sqlstate::kProtocolViolation,
                         absl::StrCat("bind message supplies ", client.size(),
                                      " parameters, but the prepared statement requires ", own));
  }
  values.insert(values.end(), client.begin(), client.end());
  const types::TextOptions options = InputOptions();
  size_t given = plan.parameter_types.size();
  for (const auto& call : plan.plan->program_calls()) given -= call.parameters();
  for (size_t i = own; i < given; ++i) {
    const size_t literal = i - own;
    if (literal >= literals.size()) {
      return absl::InternalError(absl::StrCat("the plan of ", View(plan.normalized_sql),
                                              " wants more constants than its text has"));
    }
    auto value = ParseLiteral(literals[literal], plan.parameter_types[i], options);
    if (!value.ok()) {
      status::SqlError error = status::FromStatus(value.status());
      if (error.position == 0) error.position = literals[literal].offset + 1;
      return status::ToStatus(error);
    }
    values.push_back(*std::move(value));
  }
  return values;
}

}  // namespace adbms::gateway::session
