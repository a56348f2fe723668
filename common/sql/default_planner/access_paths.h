// The ways to read a table under given conditions.
#pragma once

#include "common/sql/plan/index_form.h"
#include "common/sql/plan/planning_policy.h"

namespace adbms::sql::default_planner {

// A condition of the form column = value, column < value and so on, seen from the column's side.
struct Comparison {
  plan::ColumnId column = 0;  // Of ReadComparison.
  std::string op;             // "=", "<", "<=", ">", ">="
  plan::ExprPtr value;        // Of the column's type; null when no loss-free conversion exists.
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
// Whether `e` is the key of an index, but for such conversions.
bool IsKey(const plan::Expr& e, const plan::Expr& key);
// Whether `e` has one value for the whole scan of a table with these columns.
bool IsFixed(const plan::ExprPtr& e, const plan::ColumnSet& columns);

// The index over the scan's columns; nullopt where it cannot be used: its rows are others than
// those that `conditions` ask for, or its expressions read what the scan does not.
std::optional<plan::IndexForm> UsableForm(const plan::Rel& scan,
                                          const common::v1::IndexDescriptor& index,
                                          const std::vector<plan::ExprPtr>& conditions);
// `condition` as a comparison with the key of an index over a table with these columns.
std::optional<Comparison> ReadKeyComparison(const plan::ExprPtr& condition,
                                            const plan::ExprPtr& key,
                                            const plan::ColumnSet& columns);
// The path through an inverted index; nullopt when no condition is one of its operators.
std::optional<plan::AccessPath> FindItemPath(const plan::Query& query, const plan::Rel& scan,
                                             const std::vector<plan::ExprPtr>& conditions,
                                             const common::v1::IndexDescriptor& index,
                                             const plan::IndexForm& form,
                                             const plan::CardinalityEstimator& estimator);
// The sequential path first, then each index that answers a condition or delivers the wanted order.
std::vector<plan::AccessPath> FindAccessPaths(const plan::Query& query,
                                              const plan::ScanRequest& request,
                                              const std::vector<plan::ExprPtr>& conditions,
                                              const plan::CardinalityEstimator& estimator);

// How a join may look its left rows' matches up in the right side's key or an index.
struct LookupPath {
  const plan::Rel* scan = nullptr;
  const common::v1::IndexDescriptor* index = nullptr;  // Null: primary key.
  std::vector<plan::ExprPtr> keys;      // Over the left's columns, for the leading index columns.
  std::vector<plan::ExprPtr> matched;   // Conditions that the look-up answers.
  std::vector<plan::ExprPtr> residual;  // The rest, the scan's own included.
  bool unique = false;                  // At most one row.
  bool covered = false;                 // No row is fetched.
  double rows = 1;                      // Rows that one look-up finds.
  plan::LookupCost cost() const { return {rows, unique, index != nullptr && !covered}; }
};

// The best look-up into `right` (a scan, maybe under a filter) for a join under `conditions` with
// something that produces `left_columns`; nullopt when no index fits.
std::optional<LookupPath> FindLookup(const plan::Query& query, const plan::Rel& right,
                                     const std::vector<plan::ExprPtr>& conditions,
                                     const plan::ColumnSet& left_columns,
                                     const plan::CardinalityEstimator& estimator);
// Whether the condition is an equality that a hash join can use.
bool IsJoinKey(const plan::ExprPtr& condition, const plan::ColumnSet& left,
               const plan::ColumnSet& right);

}  // namespace adbms::sql::default_planner
