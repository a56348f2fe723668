#include "common/sql/partition/partition_bounds.h"

#include <gtest/gtest.h>

#include "common/status/sql_error.h"

namespace adbms::sql::partition {
namespace {

using common::v1::PartitionBound;
using common::v1::PartitionKey;
using common::v1::PartitionRangeValue;
using types::TypeId;
using types::Value;

Value Int(int64_t value) { return Value::Int(TypeId::kInt4, value); }

// nullopt: MINVALUE below, MAXVALUE above.
PartitionBound Range(std::optional<int> lower, std::optional<int> upper) {
  PartitionBound bound;
  auto* from = bound.add_lower();
  from->set_kind(lower ? PartitionRangeValue::KIND_VALUE : PartitionRangeValue::KIND_MINVALUE);
  if (lower) *from->mutable_value() = types::ToProto(Int(*lower));
  auto* to = bound.add_upper();
  to->set_kind(upper ? PartitionRangeValue::KIND_VALUE : PartitionRangeValue::KIND_MAXVALUE);
  if (upper) *to->mutable_value() = types::ToProto(Int(*upper));
  return bound;
}

PartitionBound List(const std::vector<Value>& values) {
  PartitionBound bound;
  for (const Value& value : values) *bound.add_values() = types::ToProto(value);
  return bound;
}

PartitionBound Default() {
  PartitionBound bound;
  bound.set_is_default(true);
  return bound;
}

PartitionKey Key(PartitionKey::Strategy strategy, const std::vector<PartitionBound>& bounds) {
  PartitionKey key;
  key.set_strategy(strategy);
  key.add_columns(0);
  for (const PartitionBound& bound : bounds) *key.add_partitions()->mutable_bound() = bound;
  return key;
}

std::optional<size_t> Find(const PartitionKey& key, const Value& value) {
  const auto bounds = PartitionBounds::Make(key);
  EXPECT_TRUE(bounds.ok());
  return bounds->Find(std::span(&value, 1));
}

std::string Added(const PartitionKey& key, const PartitionBound& bound) {
  const absl::Status status =
      CheckNewBound(key, bound, "new", [](size_t at) { return "p" + std::to_string(at); });
  return status.ok() ? "ok" : status::FromStatus(status).message;
}

TEST(PartitionBoundsTest, RangesHaveTheirLowerEnd) {
  const PartitionKey key = Key(PartitionKey::STRATEGY_RANGE,
                               {Range(10, 20), Range({}, 0), Range(20, 30), Range(50, {})});
  EXPECT_EQ(Find(key, Int(10)), 0u);
  EXPECT_EQ(Find(key, Int(19)), 0u);
  EXPECT_EQ(Find(key, Int(20)), 2u);
  EXPECT_EQ(Find(key, Int(-5)), 1u);
  EXPECT_EQ(Find(key, Int(0)), std::nullopt);
  EXPECT_EQ(Find(key, Int(30)), std::nullopt);
  EXPECT_EQ(Find(key, Int(1000)), 3u);
  EXPECT_EQ(Find(key, Value::Null({TypeId::kInt4, 0})), std::nullopt);
}

TEST(PartitionBoundsTest, TheDefaultTakesTheRest) {
  const PartitionKey key =
      Key(PartitionKey::STRATEGY_LIST,
          {List({Int(1), Value::Null({TypeId::kInt4, 0})}), Default(), List({Int(3), Int(2)})});
  EXPECT_EQ(Find(key, Int(1)), 0u);
  EXPECT_EQ(Find(key, Value::Null({TypeId::kInt4, 0})), 0u);
  EXPECT_EQ(Find(key, Int(2)), 2u);
  EXPECT_EQ(Find(key, Int(9)), 1u);
}

TEST(PartitionBoundsTest, OverlapsAreTold) {
  const PartitionKey key =
      Key(PartitionKey::STRATEGY_RANGE, {Range(10, 20), Range(30, {}), Default()});
  EXPECT_EQ(Added(key, Range(20, 30)), "ok");
  EXPECT_EQ(Added(key, Range(19, 21)), "partition \"new\" would overlap partition \"p0\"");
  EXPECT_EQ(Added(key, Range({}, {})), "partition \"new\" would overlap partition \"p0\"");
  EXPECT_EQ(Added(key, Range(99, 100)), "partition \"new\" would overlap partition \"p1\"");
  EXPECT_EQ(Added(key, Range(5, 5)), "empty range bound specified for partition \"new\"");
  EXPECT_EQ(Added(key, Default()),
            "partition \"new\" conflicts with existing default partition \"p2\"");
}

TEST(PartitionBoundsTest, ModuliAreFactorsOfEachOther) {
  PartitionBound four;
  four.set_modulus(4);
  four.set_remainder(1);
  const PartitionKey key = Key(PartitionKey::STRATEGY_HASH, {four});
  PartitionBound other;
  other.set_modulus(6);
  EXPECT_EQ(Added(key, other),
            "every hash partition modulus must be a factor of the next larger modulus");
  other.set_modulus(8);
  other.set_remainder(5);
  EXPECT_EQ(Added(key, other), "partition \"new\" would overlap partition \"p0\"");
  other.set_remainder(6);
  EXPECT_EQ(Added(key, other), "ok");
}

TEST(PartitionBoundsTest, TextIsPostgreSqls) {
  EXPECT_EQ(BoundText(Range({}, 5)), "FOR VALUES FROM (MINVALUE) TO (5)");
  EXPECT_EQ(BoundText(Range(-5, {})), "FOR VALUES FROM ('-5') TO (MAXVALUE)");
  EXPECT_EQ(BoundText(List({Value::Text("it's"), Value::Null({TypeId::kText, 0})})),
            "FOR VALUES IN ('it''s', NULL)");
  EXPECT_EQ(BoundText(Default()), "DEFAULT");
}

}  // namespace
}  // namespace adbms::sql::partition
