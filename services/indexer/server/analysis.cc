#include "services/indexer/server/analysis.h"

#include <algorithm>
#include <optional>
#include <set>

namespace adbms::indexer::server {
namespace {

using candidates::Bundle;
using candidates::TableUsage;
using selection::Scene;

std::optional<std::vector<TableUsage>> UsagesOf(const Scene& scene,
                                                const std::vector<std::string>& search_path,
                                                const std::string& sql) {
  sql::PlanningInput input;
  input.sql = sql;
  if (!search_path.empty()) input.search_path = search_path;
  if (!scene.database.empty()) input.database = scene.database;
  input.catalog = scene.catalog;
  input.statistics = scene.statistics;
  input.current_user = input.session_user = "adbms";
  input.exempt = true;
  const auto plan = sql::PlanDefault(input);
  if (!plan.ok()) return std::nullopt;
  return candidates::UsageOf(*plan, *scene.catalog);
}

void KeepCommonFacts(const std::vector<TableUsage>& others, std::vector<TableUsage>* usages) {
  for (TableUsage& usage : *usages) {
    const auto other = std::find_if(others.begin(), others.end(), [&](const TableUsage& one) {
      return one.table_id == usage.table_id;
    });
    std::erase_if(usage.facts, [&](const std::string& fact) {
      return other == others.end() || !other->facts.contains(fact);
    });
  }
}

std::map<uint32_t, double> DistinctValues(const Scene& scene, uint32_t table_id) {
  std::map<uint32_t, double> distinct;
  for (const auto& table : scene.statistics->tables()) {
    if (table.table_id() != table_id) continue;
    for (const auto& column : table.columns()) distinct[column.column()] = column.distinct_count();
  }
  return distinct;
}

}  // namespace

Analysis Analyze(const Scene& scene, const std::vector<Observed>& statements,
                 const std::vector<uint32_t>& table_ids) {
  Analysis analysis;
  std::set<Bundle> unique;
  for (const Observed& one : statements) {
    auto usages = UsagesOf(scene, one.work.search_path, one.work.sql);
    if (!usages.has_value()) continue;
    for (const std::string& sample : one.samples) {
      if (sample == one.work.sql) continue;
      if (const auto others = UsagesOf(scene, one.work.search_path, sample))
        KeepCommonFacts(*others, &*usages);
    }
    selection::Work& work = analysis.work.emplace_back(one.work);
    for (const TableUsage& usage : *usages) {
      work.tables.insert(usage.table_id);
      const auto* table = scene.catalog->FindTable(usage.table_id);
      if (table == nullptr || table->is_virtual() || table->schema() == "adbms") continue;
      if (!table_ids.empty() &&
          std::find(table_ids.begin(), table_ids.end(), usage.table_id) == table_ids.end())
        continue;
      for (const uint32_t column : usage.unindexable)
        analysis.unindexable[{usage.table_id, column}].push_back(work.fingerprint);
      for (Bundle& bundle :
           candidates::CandidatesFor(usage, *table, DistinctValues(scene, usage.table_id)))
        unique.insert(std::move(bundle));
    }
  }
  analysis.candidates.assign(unique.begin(), unique.end());
  return analysis;
}

}  // namespace adbms::indexer::server
