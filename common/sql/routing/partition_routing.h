// Where the rows of a partitioned table belong, one level down. Immutable and thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adbms/common/v1/catalog.pb.h"
#include "common/sql/expression/evaluator.h"
#include "common/sql/partition/partition_bounds.h"

namespace adbms::sql::routing {

class PartitionRouting {
 public:
  // Null for a table that is not partitioned. Errors: INTERNAL for a malformed descriptor.
  static absl::StatusOr<std::shared_ptr<const PartitionRouting>> Make(
      const common::v1::TableDescriptor& table);

  // For each row, whose columns stand by ordinal, the number of the partition that takes it; 0:
  // none does. Errors: those of the key's expressions.
  absl::Status Route(const types::Batch& rows, std::vector<uint32_t>* table_ids) const;
  // "(a, b) = (1, x)": the row's partition key.
  absl::StatusOr<std::string> DescribeKey(const types::Batch& rows, uint32_t row) const;
  // Whether another value in one of the columns can mean another partition.
  bool Reads(const std::vector<bool>& columns) const;

 private:
  absl::StatusOr<std::vector<types::VectorPtr>> Keys(const types::Batch& rows) const;

  struct Key {
    uint32_t ordinal = 0;
    expression::CompiledExpressionPtr expression;  // Null: the column.
    std::string text;
    std::vector<uint32_t> read;
  };
  std::vector<Key> keys_;
  partition::PartitionBounds bounds_;
  std::vector<uint32_t> members_;
};

}  // namespace adbms::sql::routing
