// Which partitions of a table may have rows that the conditions ask for: known from constants while
// planning, from the values of parameters and outer rows when the plan runs. Pure functions.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/partition/partition_bounds.h"
#include "common/sql/plan/logical.h"

namespace adbms::sql::default_planner {

// What is known of one partition.
struct PartitionVerdict {
  bool never = false;     // It has none of the rows.
  plan::ExprPtr depends;  // Null: it may have some. Otherwise only where this is true.
};

class PartitionPruner {
 public:
  // `keys`: the partition key over the columns of a scan, null where the scan does not read it.
  PartitionPruner(const common::v1::PartitionKey* key, const partition::PartitionBounds* bounds,
                  std::vector<plan::ExprPtr> keys, plan::ColumnSet columns)
      : key_(*key), bounds_(*bounds), keys_(std::move(keys)), columns_(std::move(columns)) {}

  // One for each partition; `conditions` are ANDed.
  std::vector<PartitionVerdict> Judge(const std::vector<plan::ExprPtr>& conditions) const;

 private:
  struct KeyConditions;
  using Verdicts = std::vector<PartitionVerdict>;

  Verdicts Unknown() const { return Verdicts(static_cast<size_t>(key_.partitions_size())); }
  Verdicts Nothing() const;
  std::vector<KeyConditions> Read(const std::vector<plan::ExprPtr>& conditions) const;
  Verdicts JudgeKeys(const std::vector<KeyConditions>& keys) const;
  Verdicts JudgeEqual(const std::vector<plan::ExprPtr>& values) const;
  Verdicts JudgeRanges(const std::vector<KeyConditions>& keys) const;
  Verdicts JudgeList(const KeyConditions& key) const;
  // What OR and IN say.
  Verdicts JudgeAlternatives(const plan::ExprPtr& condition,
                             const std::vector<KeyConditions>& keys) const;

  const common::v1::PartitionKey& key_;
  const partition::PartitionBounds& bounds_;
  const std::vector<plan::ExprPtr> keys_;
  const plan::ColumnSet columns_;
};

}  // namespace adbms::sql::default_planner
