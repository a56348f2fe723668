// What a table's generated columns are: computed of every row that is written, before its
// constraints are looked at. Immutable and thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "adbms/common/v1/catalog.pb.h"
#include "common/sql/expression/evaluator.h"

namespace adbms::storage::codec {

class GeneratedColumns {
 public:
  // Null for a table without any. Errors: INTERNAL for a malformed descriptor.
  static absl::StatusOr<std::shared_ptr<const GeneratedColumns>> Make(
      const common::v1::TableDescriptor& table);

  // Sets those of the rows, whose columns stand by ordinal; others may follow. Errors: those of
  // the expressions.
  absl::Status Compute(types::Batch* rows) const;
  // Adds those that change where a column for which `assigned` is true does.
  void MarkChanged(std::vector<bool>* assigned) const;

 private:
  struct Column {
    uint32_t ordinal;
    sql::expression::CompiledExpressionPtr value;
    std::vector<uint32_t> read;
  };
  std::vector<Column> columns_;
};

}  // namespace adbms::storage::codec
