// Rows of a table whose columns change their types: the new values, and what the table's CHECK
// constraints say of them. Not thread-safe.
#pragma once

#include <vector>

#include "adbms/common/v1/catalog.pb.h"
#include "common/rpc/call_context.h"
#include "common/sql/expression/evaluator.h"
#include "services/storage/catalog/catalog_state.h"

namespace adbms::storage::server {

class TypeChange {
 public:
  // Borrows all but `change`. `after`: the table as it will be. Errors: INVALID_ARGUMENT and those
  // of compiling, for a malformed change.
  static absl::StatusOr<TypeChange> Make(const rpc::CallContext* call,
                                         const common::v1::SetTypes& change,
                                         const catalog::TableEntry* after);

  // `rows`: the table's columns as they were, by ordinal. The result has them all, changed, by
  // ordinal. Errors: those of the conversions; 23502, 23514.
  absl::StatusOr<types::Batch> Convert(const types::Batch& rows);
  bool Changes(uint32_t ordinal) const { return changed_[ordinal]; }

 private:
  struct Value {
    uint32_t ordinal;
    sql::expression::CompiledExpressionPtr expression;
  };
  struct Check {
    std::string name;
    sql::expression::CompiledExpressionPtr condition;
  };

  absl::Status CheckRows(const types::Batch& rows);

  const catalog::TableEntry* after_ = nullptr;
  std::vector<bool> changed_;
  std::vector<Value> values_;
  std::vector<Check> checks_;
  sql::expression::EvaluationState state_;
  std::vector<types::Value> no_parameters_;
};

}  // namespace adbms::storage::server
