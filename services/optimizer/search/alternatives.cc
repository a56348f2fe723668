#include "services/optimizer/search/alternatives.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/sql/default_planner/physical_builder.h"
#include "common/sql/plan/operator_tree.h"
#include "services/optimizer/search/steered_policy.h"

namespace adbms::optimizer::search {
namespace {

using sql::plan::Rel;

// Bounds what is tried for one statement.
constexpr size_t kMaxHidden = 4;
constexpr size_t kMaxRelations = 8;

// A way to lead the search.
struct Way {
  std::string origin;
  Steering steering;
  bool corrects = true;
};

// What a plan reads through.
struct Reads {
  std::set<std::pair<uint32_t, uint32_t>> indexes;  // Of scans: table, index.
  bool joins = false;
  bool looks_up = false;
};

Reads ReadsOf(const common::v1::Plan& plan) {
  Reads reads;
  common::v1::Plan copy = plan;
  sql::plan::ForEachRoot(&copy, [&](common::v1::Operator* root) {
    sql::plan::ForEachOperator(root, [&](common::v1::Operator* op) {
      if (op->has_index_scan())
        reads.indexes.emplace(op->index_scan().table_id(), op->index_scan().index_id());
      reads.looks_up |= op->has_lookup_join();
      reads.joins |= op->has_lookup_join() || op->has_hash_join() || op->has_nested_loop_join();
    });
  });
  return reads;
}

const Rel* ScanIn(const Rel& rel) {
  if (rel.kind == Rel::Kind::kScan) return &rel;
  return rel.inputs.size() == 1 ? ScanIn(*rel.inputs[0]) : nullptr;
}

std::string IndexName(const sql::plan::Query& query, uint32_t table, uint32_t index) {
  for (const sql::plan::TableUse& use : query.tables) {
    if (use.table->table_id() != table) continue;
    for (const auto& one : use.table->indexes()) {
      if (one.index_id() == index) return absl::StrCat("index ", one.name());
    }
    return absl::StrCat("the primary key of ", use.table->name());
  }
  return absl::StrCat("index ", index, " of table ", table);
}

std::vector<Way> WaysFor(const sql::plan::Query& query, const common::v1::Plan& plan,
                         const std::vector<const Rel*>& joined) {
  std::vector<Way> ways;
  const Reads reads = ReadsOf(plan);
  if (plan.planner() == common::v1::PLANNER_KIND_LEARNED)
    ways.push_back({"by statistics alone", {}, false});
  if (reads.looks_up) {
    Way& way = ways.emplace_back();
    way.origin = "without look-up joins";
    way.steering.look_ups = Steering::LookUps::kNever;
  }
  if (reads.joins) {
    Way& way = ways.emplace_back();
    way.origin = "with look-up joins wherever possible";
    way.steering.look_ups = Steering::LookUps::kWhereverPossible;
  }
  for (const auto& [table, index] : reads.indexes) {
    if (ways.size() > kMaxHidden + 2) break;
    Way& way = ways.emplace_back();
    way.origin = absl::StrCat("without ", IndexName(query, table, index));
    way.steering.hidden_indexes.emplace(table, index);
  }
  {
    Way& way = ways.emplace_back();
    way.origin = "with indexes wherever they answer a condition";
    way.steering.favours_indexes = true;
  }
  std::set<const Rel*> seen;
  for (const Rel* relation : joined) {
    if (seen.size() >= kMaxRelations) break;
    if (!seen.insert(relation).second) continue;
    const Rel* scan = ScanIn(*relation);
    const std::string name = scan == nullptr       ? absl::StrCat("relation ", seen.size())
                             : scan->alias.empty() ? scan->table->name()
                                                   : scan->alias;
    for (const auto look_ups : {Steering::LookUps::kByCost, Steering::LookUps::kWhereverPossible}) {
      Way& way = ways.emplace_back();
      way.origin = absl::StrCat(
          "joined from ", name,
          look_ups == Steering::LookUps::kByCost ? "" : ", with look-up joins wherever possible");
      way.steering.small = relation;
      way.steering.look_ups = look_ups;
    }
  }
  return ways;
}

}  // namespace

std::vector<Alternative> FindAlternatives(const sql::plan::Query& query,
                                          const CostPolicy::Options& options,
                                          const common::v1::Plan& plan, uint64_t wanted) {
  std::vector<Alternative> found;
  // Learns which relations are joined.
  const SteeredPolicy plain(options, {});
  if (!sql::default_planner::BuildPlan(query, plain).ok()) return found;
  double cheapest = plan.root().total_cost();
  std::set<uint64_t> shapes = {plan.shape_hash()};
  for (const Way& way : WaysFor(query, plan, plain.joined())) {
    CostPolicy::Options seen = options;
    if (!way.corrects) seen.corrector = nullptr;
    const SteeredPolicy policy(seen, way.steering);
    auto made = sql::default_planner::BuildPlan(query, policy);
    if (policy.out_of_time()) return {};
    if (!made.ok() || !shapes.insert(made->shape_hash()).second) continue;
    cheapest = std::min(cheapest, made->root().total_cost());
    found.push_back({*std::move(made), way.origin});
  }
  std::erase_if(found, [&](const Alternative& one) {
    return one.plan.shape_hash() != wanted &&
           one.plan.root().total_cost() > kMaxCostRatio * std::max(cheapest, 1.0);
  });
  const auto by_cost = [](const Alternative& a, const Alternative& b) {
    return a.plan.root().total_cost() < b.plan.root().total_cost();
  };
  std::stable_sort(found.begin(), found.end(), by_cost);
  const auto kept = std::find_if(found.begin(), found.end(), [&](const Alternative& one) {
    return one.plan.shape_hash() == wanted;
  });
  if (found.size() > kMaxAlternatives) {
    const auto last = found.begin() + kMaxAlternatives - 1;
    if (kept > last && kept != found.end()) std::iter_swap(kept, last);
    found.resize(kMaxAlternatives);
  }
  return found;
}

}  // namespace adbms::optimizer::search
