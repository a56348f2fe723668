// Indexes on expressions and partial indexes, as expressions over the columns of those who look for
// them. Pure functions.
#pragma once

#include <functional>
#include <set>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/plan/logical.h"

namespace adbms::sql::plan {

// An index over a scan's columns.
struct IndexForm {
  std::vector<ExprPtr> keys;  // By key; null where it is a column.
  ExprPtr predicate;          // Null: every row has an entry.
};

// `column` answers ordinals. Errors: INTERNAL for a malformed descriptor.
absl::StatusOr<IndexForm> FormOf(const common::v1::IndexDescriptor& index,
                                 const std::function<ExprPtr(uint32_t)>& column);

// Finds the lifted constants of a query on whose values it depends whether some index of its tables
// fits: those that stand where an index's expression has constants, those that are compared
// with what a predicate compares with constants, and the patterns that a key is LIKE. Borrows the
// query.
class IndexLiterals {
 public:
  explicit IndexLiterals(const Query& query);

  // Whether there can be any.
  bool any() const { return !forms_.empty(); }
  // Notes those of the expression itself, not of its arguments, by their numbers.
  void Collect(const Expr& expression, std::set<int>* literals) const;

 private:
  // What an index of a table has that a constant decides.
  struct Form {
    uint32_t table_id;
    std::vector<ExprPtr> keys;
    std::vector<ExprPtr> subjects;  // What the predicate compares with constants.
    std::vector<ExprPtr> texts;     // Keys that are ordered strings.
  };

  const Query& query_;
  std::vector<Form> forms_;
};

}  // namespace adbms::sql::plan
