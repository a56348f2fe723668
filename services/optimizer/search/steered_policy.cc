#include "services/optimizer/search/steered_policy.h"

#include <algorithm>

namespace adbms::optimizer::search {
namespace {

using sql::plan::AccessPath;
using sql::plan::JoinGraph;
using sql::plan::JoinMethod;
using sql::plan::JoinRequest;
using sql::plan::Query;
using sql::plan::ScanRequest;

}  // namespace

bool SteeredPolicy::IsHidden(const ScanRequest& request, const AccessPath& path) const {
  if (path.sequential || path.unique) return false;
  const uint32_t index = path.index == nullptr ? 0 : path.index_id;
  return steering_.hidden_indexes.contains({request.scan->table->table_id(), index});
}

size_t SteeredPolicy::ChooseAccessPath(const Query& query, const ScanRequest& request,
                                       std::vector<AccessPath>* paths) const {
  const bool answers = std::any_of(paths->begin(), paths->end(), [&](const AccessPath& path) {
    return !path.sequential && !path.matched.empty() && !IsHidden(request, path);
  });
  // The first path is what the others are estimated by: it stays.
  std::vector<size_t> kept;
  for (size_t i = 0; i < paths->size(); ++i) {
    if (i == 0 || !IsHidden(request, (*paths)[i])) kept.push_back(i);
  }
  std::vector<AccessPath> open;
  for (const size_t i : kept) open.push_back((*paths)[i]);
  size_t chosen = CostPolicy::ChooseAccessPath(query, request, &open);
  if (steering_.favours_indexes && answers && open[chosen].matched.empty()) {
    for (size_t i = 0; i < open.size(); ++i) {
      const bool better = open[chosen].matched.empty() || open[i].cost < open[chosen].cost;
      if (!open[i].sequential && !open[i].matched.empty() && better) chosen = i;
    }
  }
  for (size_t i = 0; i < kept.size(); ++i) (*paths)[kept[i]] = std::move(open[i]);
  return kept[chosen];
}

std::unique_ptr<sql::plan::JoinTree> SteeredPolicy::OrderJoins(const Query& query,
                                                               const JoinGraph& graph) const {
  for (const sql::plan::RelPtr& relation : graph.relations) joined_.push_back(relation.get());
  const auto small =
      std::find_if(graph.relations.begin(), graph.relations.end(),
                   [&](const auto& relation) { return relation.get() == steering_.small; });
  if (small == graph.relations.end()) return CostPolicy::OrderJoins(query, graph);
  JoinGraph seen = graph;
  seen.rows[static_cast<size_t>(small - graph.relations.begin())] = 1;
  return CostPolicy::OrderJoins(query, seen);
}

JoinMethod SteeredPolicy::ChooseJoinMethod(const JoinRequest& request) const {
  JoinRequest seen = request;
  switch (steering_.look_ups) {
    case Steering::LookUps::kWhereverPossible:
      if (request.has_lookup) return JoinMethod::kLookup;
      break;
    case Steering::LookUps::kNever:
      seen.has_lookup = false;
      break;
    case Steering::LookUps::kByCost:
      break;
  }
  return CostPolicy::ChooseJoinMethod(seen);
}

}  // namespace adbms::optimizer::search
