#include "services/optimizer/search/cost_policy.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <unordered_map>

#include "absl/time/clock.h"
#include "common/sql/default_planner/access_paths.h"
#include "common/sql/default_planner/default_policy.h"
#include "services/optimizer/search/join_search.h"

namespace adbms::optimizer::search {
namespace {

using sql::plan::AccessPath;
using sql::plan::ColumnSet;
using sql::plan::Expr;
using sql::plan::ExprPtr;
using sql::plan::JoinGraph;
using sql::plan::JoinMethod;
using sql::plan::JoinRequest;
using sql::plan::kCost;
using sql::plan::Query;

constexpr size_t kMaxRelations = 64;

// Costs and rows of a graph's joins, by relation sets.
class GraphCosts {
 public:
  GraphCosts(const Query& query, const JoinGraph& graph,
             const sql::plan::CardinalityEstimator& estimator,
             const std::function<JoinMethod(const JoinRequest&)>& method)
      : query_(query), graph_(graph), estimator_(estimator), method_(method) {
    // Conditions over the same relations are estimated together.
    std::map<RelationSet, std::vector<ExprPtr>> together;
    for (size_t c = 0; c < graph.conditions.size(); ++c) {
      RelationSet set = 0;
      for (size_t r = 0; r < graph.relations.size(); ++r) {
        if (sql::plan::Intersects(graph.condition_columns[c], graph.columns[r]))
          set |= RelationSet{1} << r;
      }
      condition_sets_.push_back(set);
      if (std::popcount(set) > 1) together[set].push_back(graph.conditions[c]);
    }
    for (const auto& [set, conditions] : together) {
      edges_.push_back(set);
      selectivities_.push_back(estimator.Selectivity(query, conditions));
    }
  }

  const std::vector<RelationSet>& edges() const { return edges_; }

  double Rows(RelationSet set) {
    const auto [it, inserted] = rows_.emplace(set, 1);
    if (!inserted) return it->second;
    double rows = 1;
    for (size_t r = 0; r < graph_.relations.size(); ++r) {
      if ((set >> r & 1) != 0) rows *= graph_.rows[r];
    }
    for (size_t e = 0; e < edges_.size(); ++e) {
      if ((edges_[e] & ~set) == 0) rows *= selectivities_[e];
    }
    rows = std::max(1.0, rows);
    rows_[set] = rows;
    return rows;
  }

  // As the builder will price it: see PhysicalBuilder::Join.
  double JoinCost(RelationSet left, RelationSet right, double right_cost) {
    const double left_rows = Rows(left);
    const double right_rows = Rows(right);
    const double result_rows = Rows(left | right);
    const bool keys = HasKeys(left, right);
    if (std::popcount(right) == 1) {
      const auto& lookup = Lookup(left, std::countr_zero(right));
      if (lookup.has_value()) {
        JoinRequest request;
        request.left_rows = left_rows;
        request.right_rows = right_rows;
        request.right_cost = right_cost;
        request.has_keys = keys;
        request.has_lookup = true;
        request.lookup = lookup->cost();
        if (method_(request) == JoinMethod::kLookup)
          return sql::plan::LookupJoinCost(left_rows, lookup->cost(), result_rows);
      }
    }
    if (!keys) return right_cost + sql::plan::NestedLoopCost(left_rows, right_rows);
    // The builder hashes the smaller side.
    return right_cost + sql::plan::HashJoinCost(std::max(left_rows, right_rows),
                                                std::min(left_rows, right_rows), result_rows);
  }

 private:
  ColumnSet ColumnsOf(RelationSet set) const {
    ColumnSet columns;
    for (size_t r = 0; r < graph_.relations.size(); ++r) {
      if ((set >> r & 1) != 0) columns.insert(graph_.columns[r].begin(), graph_.columns[r].end());
    }
    return columns;
  }

  // Conditions that join the two sets.
  std::vector<ExprPtr> Between(RelationSet left, RelationSet right) const {
    std::vector<ExprPtr> conditions;
    for (size_t c = 0; c < graph_.conditions.size(); ++c) {
      const RelationSet set = condition_sets_[c];
      if ((set & ~(left | right)) == 0 && (set & left) != 0 && (set & right) != 0)
        conditions.push_back(graph_.conditions[c]);
    }
    return conditions;
  }

  bool HasKeys(RelationSet left, RelationSet right) {
    for (size_t c = 0; c < graph_.conditions.size(); ++c) {
      const RelationSet set = condition_sets_[c];
      if ((set & ~(left | right)) != 0 || (set & left) == 0 || (set & right) == 0) continue;
      // An equality of two sides: whether each lies on one side of this join.
      const auto [it, inserted] = keys_.emplace(std::pair(c, set & left), false);
      if (inserted)
        it->second = sql::default_planner::IsJoinKey(graph_.conditions[c], ColumnsOf(set & left),
                                                     ColumnsOf(set & right));
      if (it->second) return true;
    }
    return false;
  }

  const std::optional<sql::default_planner::LookupPath>& Lookup(RelationSet left, int right) {
    // Only those of the left that a condition ties to the right matter.
    RelationSet near = 0;
    for (const RelationSet edge : edges_) {
      if ((edge >> right & 1) != 0 && (edge & ~(left | RelationSet{1} << right)) == 0)
        near |= edge & left;
    }
    const auto [it, inserted] = lookups_.emplace(std::pair(near, right), std::nullopt);
    if (inserted && near != 0) {
      it->second = sql::default_planner::FindLookup(
          query_, *graph_.relations[static_cast<size_t>(right)],
          Between(near, RelationSet{1} << right), ColumnsOf(near), estimator_);
    }
    return it->second;
  }

  const Query& query_;
  const JoinGraph& graph_;
  const sql::plan::CardinalityEstimator& estimator_;
  const std::function<JoinMethod(const JoinRequest&)> method_;
  std::vector<RelationSet> condition_sets_;
  std::vector<RelationSet> edges_;
  std::vector<double> selectivities_;
  std::unordered_map<RelationSet, double> rows_;
  std::map<std::pair<size_t, RelationSet>, bool> keys_;
  std::map<std::pair<RelationSet, int>, std::optional<sql::default_planner::LookupPath>> lookups_;
};

}  // namespace

common::v1::PlannerKind CostPolicy::kind() const {
  return corrected_ ? common::v1::PLANNER_KIND_LEARNED : common::v1::PLANNER_KIND_COST;
}

bool CostPolicy::out_of_time() const {
  if (!late_) late_ = (options_.now ? options_.now() : absl::Now()) > options_.deadline;
  return late_;
}

void CostPolicy::Estimate(const Query& query, const sql::plan::ScanRequest& request,
                          std::vector<AccessPath>* paths) const {
  const AccessPath& whole = paths->front();
  const bool unique =
      std::any_of(paths->begin(), paths->end(), [](const AccessPath& p) { return p.unique; });
  double rows = whole.rows;
  std::optional<double> uncorrected;
  std::vector<float> features;
  const ScanCorrector* corrector = options_.corrector;
  const auto correct = [&](const std::vector<ExprPtr>& conditions, double estimate) {
    auto correction =
        corrector->Correct(query, *request.scan, conditions, estimate, *options_.estimator);
    if (correction.factor.has_value()) corrected_ = true;
    return correction;
  };
  if (corrector != nullptr && !unique && !whole.residual.empty()) {
    const double table_rows = std::max(1.0, options_.estimator->TableRows(*request.scan->table));
    auto correction = correct(whole.residual, rows);
    learnable_ = true;
    features = std::move(correction.features);
    if (correction.factor.has_value()) {
      uncorrected = rows;
      rows = std::clamp(rows * *correction.factor, 1.0, table_rows);
    } else if (refusal_ == ScanCorrector::Refusal::kNone) {
      refusal_ = correction.refusal;
    }
  }
  for (AccessPath& path : *paths) {
    if (path.unique) continue;
    path.rows = rows;
    path.uncorrected_rows = uncorrected;
    path.features = features;
    if (path.sequential || path.matched.empty()) continue;
    if (path.residual.empty() && uncorrected.has_value()) {
      path.index_rows = rows;
    } else if (corrector != nullptr && !path.residual.empty()) {
      // What the index's own conditions find may have been seen by itself.
      const auto correction = correct(path.matched, path.index_rows);
      if (correction.factor.has_value()) path.index_rows *= *correction.factor;
    }
    path.index_rows = std::max(path.index_rows, rows);
  }
}

size_t CostPolicy::ChooseAccessPath(const Query& query, const sql::plan::ScanRequest& request,
                                    std::vector<AccessPath>* paths) const {
  Estimate(query, request, paths);
  size_t best = 0;
  double best_total = 0;
  for (size_t i = 0; i < paths->size(); ++i) {
    AccessPath& path = (*paths)[i];
    if (path.unique) return i;
    const bool fetches = !path.sequential && path.index != nullptr && !path.index_only;
    path.cost = kCost.seek * path.seeks();
    path.cost += path.index_rows * (kCost.scan_row + (fetches ? kCost.fetch_row : 0));
    path.cost += path.index_rows * kCost.filter_row * static_cast<double>(path.residual.size());
    double total = path.cost;
    if (!request.order.empty() && !path.ordered) {
      total +=
          sql::plan::SortCost(path.rows, std::min(path.rows, request.limit.value_or(path.rows)));
    } else if (request.limit.has_value() && path.rows > *request.limit) {
      // It stops early. Rows that pass are taken to be spread evenly.
      total *= *request.limit / path.rows;
    }
    if (i == 0 || total < best_total) {
      best = i;
      best_total = total;
    }
  }
  return best;
}

std::unique_ptr<sql::plan::JoinTree> CostPolicy::OrderJoins(const Query& query,
                                                            const JoinGraph& graph) const {
  // More than a set's bits hold: in the order of the rules of thumb.
  if (graph.relations.size() > kMaxRelations)
    return sql::default_planner::DefaultPolicy(nullptr).OrderJoins(query, graph);
  GraphCosts costs(query, graph, *options_.estimator,
                   [this](const JoinRequest& request) { return ChooseJoinMethod(request); });
  SearchProblem problem;
  problem.relations = static_cast<int>(graph.relations.size());
  problem.edges = costs.edges();
  problem.rows = [&](RelationSet set) { return costs.Rows(set); };
  problem.scan_cost = [&](int relation) { return graph.costs[static_cast<size_t>(relation)]; };
  problem.join_cost = [&](RelationSet left, RelationSet right, double right_cost) {
    return costs.JoinCost(left, right, right_cost);
  };
  problem.out_of_time = [this] { return out_of_time(); };
  return search::OrderJoins(problem).tree;
}

JoinMethod CostPolicy::ChooseJoinMethod(const JoinRequest& request) const {
  const double lookup = sql::plan::LookupJoinCost(request.left_rows, request.lookup, 0);
  double scan = request.right_cost;
  if (request.has_keys) {
    // An inner join hashes the smaller side.
    const bool inner = request.type == common::v1::JOIN_TYPE_INNER;
    const double probe =
        inner ? std::max(request.left_rows, request.right_rows) : request.left_rows;
    const double build =
        inner ? std::min(request.left_rows, request.right_rows) : request.right_rows;
    scan += sql::plan::HashJoinCost(probe, build, 0);
  } else {
    scan += sql::plan::NestedLoopCost(request.left_rows, request.right_rows);
  }
  if (request.has_lookup && lookup <= scan) return JoinMethod::kLookup;
  return request.has_keys ? JoinMethod::kHash : JoinMethod::kNestedLoop;
}

}  // namespace adbms::optimizer::search
