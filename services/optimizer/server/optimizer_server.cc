#include "services/optimizer/server/optimizer_server.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/sql/plan/operator_tree.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/optimizer/whatif/hypothetical_catalog.h"

namespace adbms::optimizer::server {
namespace {

// Statistics and, without a version asked for, the catalog may be this old.
constexpr absl::Duration kFreshness = absl::Seconds(1);

std::string DatabaseOf(const std::string& name) {
  return name.empty() ? std::string(storage::api::kSystemDatabase) : name;
}

std::set<uint32_t> UsedIndexes(common::v1::Plan* plan) {
  std::set<uint32_t> used;
  sql::plan::ForEachRoot(plan, [&used](common::v1::Operator* top) {
    sql::plan::ForEachOperator(top, [&used](common::v1::Operator* op) {
      if (op->has_index_scan()) used.insert(op->index_scan().index_id());
      if (op->has_lookup_join()) used.insert(op->lookup_join().index_id());
    });
  });
  used.erase(0);  // Primary keys.
  return used;
}

// What plans of the same statement are told apart by: the values that the plan is pinned to.
uint64_t RegionOf(const common::v1::Plan& plan, const std::vector<sql::Literal>* literals) {
  if (plan.pinned_literals().empty() || literals == nullptr) return 0;
  std::string values;
  for (const uint32_t pinned : plan.pinned_literals()) {
    if (pinned < literals->size())
      absl::StrAppend(&values, (*literals)[pinned].value.size(), ":", (*literals)[pinned].value);
  }
  return sql::Fingerprint(values);
}

}  // namespace

OptimizerServer::OptimizerServer(storage::api::Storage* storage, telemetry::ServiceMetrics* metrics,
                                 const common::v1::OptimizerConfig& config, Learned learned)
    : storage_(storage),
      learned_(std::move(learned)),
      planner_({absl::Milliseconds(config.planning_budget_ms()), learned_.corrector,
                learned_.generation, nullptr}) {
  for (const Restriction restriction : {Restriction::kNoStatistics, Restriction::kBudget,
                                        Restriction::kCalibration, Restriction::kUnseen}) {
    restrictions_[restriction] =
        &metrics->Counter("adbms_planner_restrictions_total",
                          "Plans made under a restriction of prediction, by reason.",
                          {{"reason", NameOf(restriction)}});
  }
}

absl::StatusOr<OptimizerServer::View> OptimizerServer::Look(const rpc::CallContext& context,
                                                            const std::string& database,
                                                            uint64_t catalog_version,
                                                            uint64_t statistics_version) {
  View view;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = views_.find(database);
    if (found != views_.end()) view = found->second;
  }
  const bool stale = view.catalog == nullptr || absl::Now() - view.looked_at > kFreshness ||
                     view.catalog->version() < catalog_version ||
                     view.statistics->version() < statistics_version;
  if (!stale) return view;
  auto catalog = storage_->GetCatalogOf(context, database,
                                        view.catalog == nullptr ? 0 : view.catalog->version());
  if (!catalog.ok()) {
    absl::MutexLock lock(&mutex_);
    if (status::HasSqlState(catalog.status(), status::sqlstate::kInvalidCatalogName))
      views_.erase(database);
    return catalog.status();
  }
  if (*catalog != nullptr) view.catalog = std::make_shared<const sql::Catalog>(*std::move(catalog));
  ASSIGN_OR_RETURN(auto statistics,
                   storage_->GetStatistics(
                       context, view.statistics == nullptr ? 0 : view.statistics->version()));
  if (statistics != nullptr) {
    view.statistics = std::move(statistics);
    view.decoded = std::make_shared<const cost::StatisticsView>(view.statistics.get());
  }
  view.looked_at = absl::Now();
  absl::MutexLock lock(&mutex_);
  views_[database] = view;
  // Every catalog lists all databases: those that have been dropped are forgotten.
  std::erase_if(views_, [&](const auto& one) {
    return one.second.catalog->version() < view.catalog->version() &&
           !view.catalog->DatabaseNamed(one.first).ok();
  });
  return view;
}

absl::StatusOr<optimizer::v1::PlanResponse> OptimizerServer::Plan(
    const rpc::CallContext& context, const optimizer::v1::PlanRequest& request) {
  ASSIGN_OR_RETURN(const View view, Look(context, DatabaseOf(request.database()),
                                         request.catalog_version(), request.statistics_version()));
  sql::PlanningInput input;
  input.sql = request.sql();
  for (const auto& type : request.parameter_types()) {
    input.parameter_types.push_back(types::FromProto(type));
  }
  for (const auto& name : request.parameter_names())
    input.parameter_names.push_back({name.relation(), name.name(), name.alone()});
  for (const auto& table : request.transition_tables()) {
    sql::TransitionTable& given = input.transition_tables.emplace_back();
    given.name = table.name();
    for (const auto& column : table.columns())
      given.columns.emplace_back(column.name(), types::FromProto(column.type()));
  }
  std::vector<sql::Literal> literals;
  for (const auto& lifted : request.literals()) {
    literals.push_back({static_cast<sql::Literal::Kind>(lifted.kind()), lifted.offset(),
                        lifted.length(), lifted.value()});
  }
  if (request.lift_literals()) input.literals = &literals;
  input.for_cursor = request.for_cursor();
  input.catalog = view.catalog;
  input.statistics = view.statistics;
  input.search_path.assign(request.search_path().begin(), request.search_path().end());
  input.current_user = request.current_user();
  input.session_user = request.session_user();
  input.database = request.database();
  input.time_zone = request.time_zone();
  input.switches = request.switches();
  input.date_order = static_cast<types::DateOrder>(
      std::min<uint32_t>(request.date_order(), static_cast<uint32_t>(types::DateOrder::kYmd)));
  input.roles.assign(request.roles().begin(), request.roles().end());
  optimizer::v1::PlanResponse response;
  Restriction restriction = Restriction::kNone;
  RETURN_IF_ERROR(PlanInto(input, view, request, &response, &restriction));
  const auto counter = restrictions_.find(restriction);
  if (counter != restrictions_.end()) counter->second->Increment();
  return response;
}

absl::Status OptimizerServer::PlanInto(const sql::PlanningInput& input, const View& view,
                                       const optimizer::v1::PlanRequest& request,
                                       optimizer::v1::PlanResponse* response,
                                       Restriction* restriction) const {
  const auto subject_of = [&](const common::v1::Plan& plan) {
    return plan_choice::Subject{request.template_key(), RegionOf(plan, input.literals)};
  };
  const bool may_be_chosen = learned_.choices != nullptr && request.template_key() != 0 &&
                             learned_.choices->Knows(request.template_key());
  Planner::Alternatives alternatives;
  alternatives.wanted = [&](const common::v1::Plan& plan) {
    if (request.wanted_shape() != 0 || !may_be_chosen) return request.wanted_shape();
    return learned_.choices->ChosenFor(subject_of(plan));
  };
  const bool asks = may_be_chosen || request.alternative() > 0 || request.wanted_shape() != 0 ||
                    request.list_alternatives();
  ASSIGN_OR_RETURN(common::v1::Plan plan, planner_.Plan(input, *view.decoded, restriction,
                                                        asks ? &alternatives : nullptr));
  response->set_default_shape(plan.shape_hash());
  const plan_choice::Subject subject = subject_of(plan);
  response->set_region(subject.region);
  size_t taken = alternatives.found.size();
  if (request.alternative() > 0) {
    taken = request.alternative() - 1;
    response->set_choice(absl::StrCat("adbms.plan_alternative is ", request.alternative()));
  } else if (const uint64_t wanted = asks ? alternatives.wanted(plan) : 0; wanted != 0) {
    taken = static_cast<size_t>(
        std::find_if(alternatives.found.begin(), alternatives.found.end(),
                     [&](const auto& one) { return one.plan.shape_hash() == wanted; }) -
        alternatives.found.begin());
    response->set_choice(request.wanted_shape() != 0 ? "it is what the statement runs on"
                                                     : "it was measured to be faster");
  }
  if (taken < alternatives.found.size()) {
    search::Alternative& other = alternatives.found[taken];
    response->set_choice(absl::StrCat(other.origin, ": ", response->choice()));
    std::swap(plan, other.plan);
    other.origin = "the default plan";
  } else {
    response->clear_choice();
  }
  *response->mutable_plan() = std::move(plan);
  if (!request.list_alternatives()) return absl::OkStatus();
  for (search::Alternative& one : alternatives.found) {
    optimizer::v1::Alternative* alternative = response->add_alternatives();
    alternative->set_origin(std::move(one.origin));
    alternative->set_refused(learned_.choices != nullptr &&
                             learned_.choices->IsRefused(subject, one.plan.shape_hash()));
    *alternative->mutable_plan() = std::move(one.plan);
  }
  return absl::OkStatus();
}

absl::StatusOr<optimizer::v1::WhatIfResponse> OptimizerServer::WhatIf(
    const rpc::CallContext& context, const optimizer::v1::WhatIfRequest& request) {
  ASSIGN_OR_RETURN(const View view, Look(context, DatabaseOf(request.database()), 0, 0));
  whatif::HypotheticalCatalog hypothetical(view.catalog->snapshot());
  hypothetical.Hide({request.hidden_index_ids().begin(), request.hidden_index_ids().end()});
  hypothetical.Assume(request.indexes());
  const auto plan = [&](const optimizer::v1::WhatIfRequest::Statement& statement, auto* outcome) {
    sql::PlanningInput input;
    input.catalog = hypothetical.catalog();
    input.statistics = view.statistics;
    input.database = DatabaseOf(request.database());
    input.current_user = input.session_user = context.user;
    input.exempt = true;
    input.sql = statement.sql();
    if (!statement.search_path().empty())
      input.search_path.assign(statement.search_path().begin(), statement.search_path().end());
    Restriction restriction = Restriction::kNone;
    auto planned = planner_.Plan(input, *view.decoded, &restriction);
    if (!planned.ok()) {
      outcome->set_error(std::string(planned.status().message()));
      return;
    }
    outcome->set_cost(planned->root().total_cost());
    outcome->set_rows(planned->root().estimated_rows());
    for (const uint32_t id : UsedIndexes(&*planned)) outcome->add_used_index_ids(id);
  };
  optimizer::v1::WhatIfResponse response;
  for (const auto& statement : request.statements()) {
    RETURN_IF_ERROR(context.Check());
    plan(statement, response.add_outcomes());
  }
  for (const optimizer::v1::IndexSet& set : request.sets()) {
    const whatif::HypotheticalCatalog::Assumption assumed = hypothetical.Assume(set.indexes());
    auto* outcomes = response.add_sets();
    for (const auto& statement : request.statements()) {
      if (!set.statements().empty()) break;
      RETURN_IF_ERROR(context.Check());
      plan(statement, outcomes->add_outcomes());
    }
    for (const uint32_t position : set.statements()) {
      RETURN_IF_ERROR(context.Check());
      if (position >= static_cast<uint32_t>(request.statements_size()))
        return absl::InvalidArgumentError("a set names a statement that is not there");
      plan(request.statements(static_cast<int>(position)), outcomes->add_outcomes());
    }
    hypothetical.Forget(assumed);
  }
  return response;
}

absl::StatusOr<optimizer::v1::GetGenerationResponse> OptimizerServer::GetGeneration(
    const rpc::CallContext& context, const optimizer::v1::GetGenerationRequest& request) {
  optimizer::v1::GetGenerationResponse response;
  if (learned_.generation) response.set_generation(learned_.generation());
  if (learned_.choices == nullptr) return response;
  learned_.choices->Refresh(context);
  response.set_choice_generation(learned_.choices->generation());
  if (response.choice_generation() != request.choice_generation())
    response.set_choice_generation(learned_.choices->List(response.mutable_choices()));
  return response;
}

}  // namespace adbms::optimizer::server
