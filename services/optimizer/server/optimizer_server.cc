#include "services/optimizer/server/optimizer_server.h"

#include <functional>
#include <set>

#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::optimizer::server {
namespace {

// Statistics and, without a version asked for, the catalog may be this old.
constexpr absl::Duration kFreshness = absl::Seconds(1);

void UsedIndexes(const google::protobuf::Message& message, std::set<uint32_t>* used) {
  if (const auto* scan = dynamic_cast<const common::v1::IndexScan*>(&message)) {
    if (scan->index_id() != 0) used->insert(scan->index_id());
  }
  if (const auto* join = dynamic_cast<const common::v1::LookupJoin*>(&message)) {
    if (join->index_id() != 0) used->insert(join->index_id());
  }
  const auto* reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      UsedIndexes(reflection->GetMessage(message, field), used);
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      UsedIndexes(reflection->GetRepeatedMessage(message, field, i), used);
    }
  }
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
  ASSIGN_OR_RETURN(const View view,
                   Look(context,
                        request.database().empty() ? std::string(storage::api::kSystemDatabase)
                                                   : request.database(),
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
  optimizer::v1::PlanResponse response;
  Restriction restriction = Restriction::kNone;
  ASSIGN_OR_RETURN(*response.mutable_plan(), planner_.Plan(input, *view.decoded, &restriction));
  const auto counter = restrictions_.find(restriction);
  if (counter != restrictions_.end()) counter->second->Increment();
  return response;
}

absl::StatusOr<optimizer::v1::WhatIfResponse> OptimizerServer::WhatIf(
    const rpc::CallContext& context, const optimizer::v1::WhatIfRequest& request) {
  ASSIGN_OR_RETURN(const View view,
                   Look(context, std::string(storage::api::kSystemDatabase), 0, 0));
  auto snapshot = std::make_shared<common::v1::CatalogSnapshot>(view.catalog->snapshot());
  const std::set<uint32_t> hidden(request.hidden_index_ids().begin(),
                                  request.hidden_index_ids().end());
  for (auto& table : *snapshot->mutable_tables()) {
    for (int i = table.indexes_size() - 1; i >= 0; --i) {
      if (hidden.contains(table.indexes(i).index_id()))
        table.mutable_indexes()->DeleteSubrange(i, 1);
    }
    for (const auto& index : request.indexes()) {
      if (index.table_id() == table.table_id()) *table.add_indexes() = index.index();
    }
  }
  sql::PlanningInput input;
  input.catalog = std::make_shared<const sql::Catalog>(std::move(snapshot));
  input.statistics = view.statistics;
  if (request.search_path_size() > 0) {
    input.search_path.assign(request.search_path().begin(), request.search_path().end());
  }
  input.current_user = input.session_user = context.user;
  optimizer::v1::WhatIfResponse response;
  for (const std::string& sql : request.sql()) {
    RETURN_IF_ERROR(context.Check());
    auto* outcome = response.add_outcomes();
    input.sql = sql;
    Restriction restriction = Restriction::kNone;
    const auto plan = planner_.Plan(input, *view.decoded, &restriction);
    if (!plan.ok()) {
      outcome->set_error(std::string(plan.status().message()));
      continue;
    }
    outcome->set_cost(plan->root().total_cost());
    std::set<uint32_t> used;
    UsedIndexes(*plan, &used);
    for (const uint32_t id : used) outcome->add_used_index_ids(id);
  }
  return response;
}

absl::StatusOr<optimizer::v1::GetGenerationResponse> OptimizerServer::GetGeneration(
    const rpc::CallContext&, const optimizer::v1::GetGenerationRequest&) {
  optimizer::v1::GetGenerationResponse response;
  if (learned_.generation) response.set_generation(learned_.generation());
  return response;
}

}  // namespace adbms::optimizer::server
