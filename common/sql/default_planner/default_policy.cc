#include "common/sql/default_planner/default_policy.h"

#include <algorithm>
#include <cmath>

namespace adbms::sql::default_planner {

using plan::AccessPath;
using plan::JoinGraph;
using plan::JoinMethod;
using plan::JoinRequest;
using plan::JoinTree;
using plan::kCost;

size_t DefaultPolicy::ChooseAccessPath(const plan::Query& query, const plan::ScanRequest& request,
                                       std::vector<AccessPath>* paths) const {
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
    if (!request.order.empty()) {
      if (!path.ordered) {
        total += plan::SortCost(path.rows, path.rows);
      } else if (request.limit.has_value() && path.rows > *request.limit) {
        total *= *request.limit / path.rows;
      }
    }
    if (i == 0 || total < best_total) {
      best = i;
      best_total = total;
    }
  }
  return best;
}

std::unique_ptr<JoinTree> DefaultPolicy::OrderJoins(const plan::Query& query,
                                                    const JoinGraph& graph) const {
  const size_t count = graph.relations.size();
  std::vector<bool> joined(count, false);
  auto leaf = [](size_t relation) {
    auto tree = std::make_unique<JoinTree>();
    tree->relation = static_cast<int>(relation);
    return tree;
  };
  size_t first = 0;
  for (size_t i = 1; i < count; ++i) {
    if (graph.rows[i] < graph.rows[first]) first = i;
  }
  std::unique_ptr<JoinTree> tree = leaf(first);
  joined[first] = true;
  plan::ColumnSet columns = graph.columns[first];
  double rows = graph.rows[first];
  for (size_t step = 1; step < count; ++step) {
    int best = -1;
    bool best_connected = false;
    double best_rows = 0;
    for (size_t i = 0; i < count; ++i) {
      if (joined[i]) continue;
      plan::ColumnSet together = columns;
      together.insert(graph.columns[i].begin(), graph.columns[i].end());
      double selectivity = 1;
      bool connected = false;
      for (size_t c = 0; c < graph.conditions.size(); ++c) {
        const plan::ColumnSet& used = graph.condition_columns[c];
        if (!plan::Intersects(used, columns) || !plan::Intersects(used, graph.columns[i])) continue;
        bool available = true;
        for (size_t other = 0; other < count; ++other) {
          if (!joined[other] && other != i && plan::Intersects(used, graph.columns[other]))
            available = false;
        }
        if (!available) continue;
        connected = true;
        selectivity *= estimator_.Selectivity(query, *graph.conditions[c]);
      }
      const double result = rows * graph.rows[i] * selectivity;
      if (best < 0 || (connected && !best_connected) ||
          (connected == best_connected && result < best_rows)) {
        best = static_cast<int>(i);
        best_connected = connected;
        best_rows = result;
      }
    }
    auto next = std::make_unique<JoinTree>();
    next->left = std::move(tree);
    next->right = leaf(static_cast<size_t>(best));
    tree = std::move(next);
    joined[best] = true;
    columns.insert(graph.columns[best].begin(), graph.columns[best].end());
    rows = std::max(1.0, best_rows);
  }
  return tree;
}

JoinMethod DefaultPolicy::ChooseJoinMethod(const JoinRequest& request) const {
  const double lookup = plan::LookupJoinCost(request.left_rows, request.lookup, 0);
  const double hash = request.right_cost + request.right_rows * kCost.hash_build_row +
                      request.left_rows * kCost.hash_probe_row;
  if (request.has_lookup && (lookup <= hash || !request.has_keys)) return JoinMethod::kLookup;
  return request.has_keys ? JoinMethod::kHash : JoinMethod::kNestedLoop;
}

}  // namespace adbms::sql::default_planner
