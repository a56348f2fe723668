// Expressions over one table's columns: bound from a statement or from text that the catalog keeps,
// and in the form that storage evaluates. Not thread-safe; borrows what it is made with.
#pragma once

#include <string>
#include <vector>

#include "common/sql/binder/binder.h"

namespace adbms::sql::ddl {

// Whether two of what Encode makes differ in nothing but which conversions were written.
bool MeanTheSame(const std::string& a, const std::string& b);

class TableExpressions {
 public:
  TableExpressions(const PlanningInput& input, const parser::StatementTree& tree,
                   const common::v1::TableDescriptor& table);

  binder::Binder& binder() { return binder_; }
  const common::v1::TableDescriptor& table() const { return table_; }
  // By ordinal, dropped ones included.
  const std::vector<plan::ColumnId>& columns() const { return columns_; }
  // `what` as in Binder::BindTableExpression. Errors: 42xxx; 42P02 for a parameter.
  absl::StatusOr<plan::ExprPtr> Bind(const parser::Node* node, const std::string& what);
  // A CHECK constraint's condition.
  absl::StatusOr<plan::ExprPtr> BindCheck(const std::string& sql);
  // A common.v1.Expression whose columns are ordinals, as bytes.
  absl::StatusOr<std::string> Encode(const plan::ExprPtr& expression) const;
  // The ordinals of the columns that it reads, ascending.
  std::vector<uint32_t> OrdinalsOf(const plan::ExprPtr& expression) const;

 private:
  const PlanningInput input_;  // Without the statement's own literals and parameters.
  const common::v1::TableDescriptor& table_;
  binder::Binder binder_;
  std::vector<plan::ColumnId> columns_;
};

}  // namespace adbms::sql::ddl
