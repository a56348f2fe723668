// Order of inner joins by dynamic programming over connected sets of relations, bushy trees
// included (DPsub of Moerkotte and Neumann, "Analysis of Two Existing and One New Dynamic
// Programming Algorithm", VLDB 2006); greedy beyond a bounded number of relations (Fegaras' GOO).
// Knows nothing of expressions: who calls it says what sets and joins cost.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "common/sql/plan/planning_policy.h"

namespace adbms::optimizer::search {

// A set of relations, a bit each.
using RelationSet = uint64_t;

struct SearchProblem {
  int relations = 0;  // At most 64.
  // Sets that a condition connects: two relations or more each.
  std::vector<RelationSet> edges;
  // Rows of a set's join, the same however it is joined.
  std::function<double(RelationSet)> rows;
  // Cost of reading one relation.
  std::function<double(int)> scan_cost;
  // Cost of joining two disjoint sets, in this order (left outer), beyond producing the left:
  // whether it includes producing the right is the join's business, so it is told that cost.
  std::function<double(RelationSet left, RelationSet right, double right_cost)> join_cost;
  // True: stop searching, whatever is found so far will do.
  std::function<bool()> out_of_time;
};

struct SearchResult {
  std::unique_ptr<sql::plan::JoinTree> tree;
  double cost = 0;
  bool exhaustive = false;  // No other tree without a needless cross product is cheaper.
  bool timed_out = false;
};

// Up to this many relations are searched exhaustively.
inline constexpr int kExhaustiveRelations = 10;

// The cheapest tree. Relations that no condition connects are joined last, smallest first.
// REQUIRES: at least one relation.
SearchResult OrderJoins(const SearchProblem& problem);

}  // namespace adbms::optimizer::search
