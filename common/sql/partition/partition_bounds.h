// Which partition takes which values of the key (PostgreSQL's manual, 5.11): what binder, planner
// and storage make of a PartitionKey. Immutable and thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adbms/common/v1/catalog.pb.h"
#include "common/types/value.h"

namespace adbms::sql::partition {

// One end of a range: a value for each key, or beyond all values.
struct RangeEnd {
  using Kind = common::v1::PartitionRangeValue::Kind;
  std::vector<Kind> kinds;
  std::vector<types::Value> values;  // As many.

  static absl::StatusOr<RangeEnd> Make(
      const google::protobuf::RepeatedPtrField<common::v1::PartitionRangeValue>& columns);
  // Below, at (never both infinite) or above `keys`, none of which is NULL.
  int CompareTo(std::span<const types::Value> keys) const;
};
int Compare(const RangeEnd& a, const RangeEnd& b);

class PartitionBounds {
 public:
  // A range's ends; the position is that in PartitionKey.partitions.
  struct Range {
    RangeEnd lower, upper;
    size_t member = 0;
  };
  struct ListValue {
    types::Value value;
    size_t member = 0;
  };

  // Errors: INTERNAL for a malformed descriptor.
  static absl::StatusOr<PartitionBounds> Make(const common::v1::PartitionKey& key);

  // The partition that takes a row with these keys; nullopt: none does.
  std::optional<size_t> Find(std::span<const types::Value> keys) const;

  common::v1::PartitionKey::Strategy strategy() const { return strategy_; }
  std::optional<size_t> default_member() const { return default_; }
  std::optional<size_t> null_member() const { return null_; }     // LIST
  const std::vector<Range>& ranges() const { return ranges_; }    // RANGE, ascending
  const std::vector<ListValue>& values() const { return list_; }  // LIST, ascending, without NULL

 private:
  common::v1::PartitionKey::Strategy strategy_ = {};
  std::optional<size_t> default_;
  std::optional<size_t> null_;
  std::vector<Range> ranges_;
  std::vector<ListValue> list_;
  std::vector<std::optional<size_t>> by_remainder_;  // HASH: of the greatest modulus.
};

// Whether `bound` may join those of `key`. `name`: of the new partition; `name_of`: of the one at a
// position. Errors: 42P17 as PostgreSQL words them.
absl::Status CheckNewBound(const common::v1::PartitionKey& key,
                           const common::v1::PartitionBound& bound, const std::string& name,
                           const std::function<std::string(size_t)>& name_of);

// "FROM (1, MINVALUE) TO (…)" and so on: what pg_get_expr prints of relpartbound.
std::string BoundText(const common::v1::PartitionBound& bound);

}  // namespace adbms::sql::partition
