#include "common/sql/plan/planning_policy.h"

#include <algorithm>
#include <cmath>

namespace adbms::sql::plan {
namespace {

// Distinct values of a key that is not a plain column.
constexpr double kExpressionGroups = 200;

}  // namespace

double CardinalityEstimator::Groups(const Query& query, const std::vector<ExprPtr>& keys,
                                    double rows) const {
  double groups = 1;
  for (const ExprPtr& key : keys) {
    groups *= key->kind == Expr::Kind::kColumn ? DistinctValues(query, key->column, rows)
                                               : std::min(rows, kExpressionGroups);
  }
  return std::max(1.0, std::min(groups, rows));
}

double CardinalityEstimator::JoinRows(const Query& query, common::v1::JoinType type,
                                      const JoinSides& sides,
                                      const std::vector<ExprPtr>& conditions) const {
  const double left = sides.left_rows;
  const double right = sides.right_rows;
  const double matches = left * right * Selectivity(query, conditions);
  switch (type) {
    case common::v1::JOIN_TYPE_LEFT:
      return std::max(left, matches);
    case common::v1::JOIN_TYPE_RIGHT:
      return std::max(right, matches);
    case common::v1::JOIN_TYPE_FULL:
      return std::max(left + right, matches);
    case common::v1::JOIN_TYPE_SEMI:
      return std::max(1.0, std::min(left, matches));
    case common::v1::JOIN_TYPE_ANTI:
    case common::v1::JOIN_TYPE_ANTI_NULL_AWARE:
      return std::max(1.0, left - std::min(left, matches) * 0.9);
    default:
      return std::max(1.0, matches);
  }
}

double HashJoinCost(double probe_rows, double build_rows, double result_rows) {
  return build_rows * kCost.hash_build_row + probe_rows * kCost.hash_probe_row +
         result_rows * kCost.emit_row;
}

double NestedLoopCost(double left_rows, double right_rows) {
  return left_rows * right_rows * kCost.pair_row;
}

double LookupJoinCost(double left_rows, const LookupCost& lookup, double result_rows) {
  const double found = lookup.rows * (kCost.scan_row + (lookup.fetches ? kCost.fetch_row : 0));
  return left_rows * ((lookup.unique ? kCost.get_row : kCost.seek) + found) +
         result_rows * kCost.emit_row;
}

double SortCost(double rows, double kept) { return rows * kCost.sort_row * std::log2(kept + 2); }

}  // namespace adbms::sql::plan
