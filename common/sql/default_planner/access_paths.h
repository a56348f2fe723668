// The ways to read a table under given conditions.
#pragma once

#include "common/sql/plan/planning_policy.h"

namespace adbms::sql::default_planner {

// A condition of the form column = value, column < value and so on, seen from the column's side.
struct Comparison {
  plan::ColumnId column = 0;
  std::string op;       // "=", "<", "<=", ">", ">="
  plan::ExprPtr value;  // Of the column's type; null when no loss-free conversion exists.
};

// Reads `condition` as a comparison of one of `columns` with something that has none of them.
// Conversions between types are undone where no value is lost.
std::optional<Comparison> ReadComparison(const plan::Query& query, const plan::ExprPtr& condition,
                                         const plan::ColumnSet& columns);
// `value` as the column's type, for a key; null when impossible. `equality`: a value out of the
// type's range may become NULL, which finds nothing.
plan::ExprPtr AsKey(const plan::ExprPtr& value, const types::Type& column_type, bool equality);
// `e` without conversions that keep order and equality.
const plan::Expr& StripRelabel(const plan::Expr& e);

// The sequential path first, then each index that answers a condition or delivers the wanted order.
std::vector<plan::AccessPath> FindAccessPaths(const plan::Query& query,
                                              const plan::ScanRequest& request,
                                              const std::vector<plan::ExprPtr>& conditions,
                                              const plan::CardinalityEstimator& estimator);

}  // namespace adbms::sql::default_planner
