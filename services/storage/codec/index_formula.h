// What an index computes of a row: keys that are expressions, and whether the row has an entry at
// all. Immutable and thread-safe.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "adbms/common/v1/catalog.pb.h"
#include "common/sql/expression/evaluator.h"

namespace adbms::storage::codec {

class IndexFormula {
 public:
  // Null for an index on columns over all rows. `column_count`: of the table; the expressions'
  // columns are ordinals below it. Errors: INTERNAL for a malformed descriptor.
  static absl::StatusOr<std::shared_ptr<const IndexFormula>> Make(
      const common::v1::IndexDescriptor& index, size_t column_count);

  const std::vector<sql::expression::CompiledExpressionPtr>& keys() const { return keys_; }
  // Null: every row has an entry.
  const sql::expression::CompiledExpression* predicate() const { return predicate_.get(); }
  // Ordinals of the columns that it reads, ascending.
  const std::vector<uint32_t>& columns() const { return columns_; }

 private:
  std::vector<sql::expression::CompiledExpressionPtr> keys_;
  sql::expression::CompiledExpressionPtr predicate_;
  std::vector<uint32_t> columns_;
};

}  // namespace adbms::storage::codec
