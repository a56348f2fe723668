// Selectivities against distributions whose answer is known, statistics made by ANALYZE's own
// summary of a whole column.
#include "services/optimizer/cost/selectivity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "services/storage/statistics/column_sample.h"

namespace adbms::optimizer::cost {
namespace {

using types::TypeId;
using types::Value;

ColumnView ViewOf(const types::Vector& column, double total) {
  common::v1::StatisticsSnapshot snapshot;
  auto* table = snapshot.add_tables();
  table->set_table_id(1);
  table->set_row_count(total);
  *table->add_columns() = storage::statistics::SummarizeColumn(0, column, total);
  return StatisticsView(&snapshot).Find(1)->columns.at(0);
}

types::Vector Ints(const std::vector<int64_t>& values, int nulls = 0) {
  types::Vector column({TypeId::kInt4, 0});
  for (const int64_t value : values) column.Append(Value::Int(TypeId::kInt4, value));
  for (int i = 0; i < nulls; ++i) column.AppendNull();
  return column;
}

Value Int(int64_t value) { return Value::Int(TypeId::kInt4, value); }

// 10,000 rows: value v in 1..1000, ten times each.
ColumnView Uniform() {
  std::vector<int64_t> values;
  for (int i = 0; i < 10000; ++i) values.push_back(1 + (i * 7919) % 1000);
  return ViewOf(Ints(values), 10000);
}

// 60 % are 1, 20 % are 2, 10 % NULL, the rest spread over 3..502.
ColumnView Skewed() {
  std::vector<int64_t> values;
  for (int i = 0; i < 6000; ++i) values.push_back(1);
  for (int i = 0; i < 2000; ++i) values.push_back(2);
  for (int i = 0; i < 1000; ++i) values.push_back(3 + i % 500);
  return ViewOf(Ints(values, 1000), 10000);
}

TEST(Selectivity, EqualityOnUniformValues) {
  const ColumnView column = Uniform();
  EXPECT_NEAR(EqualTo(column, Int(500)), 0.001, 0.0002);
  EXPECT_NEAR(EqualToUnknown(column), 0.001, 0.0002);
  EXPECT_EQ(EqualTo(column, Value::Null({TypeId::kInt4, 0})), 0);
}

TEST(Selectivity, EqualityOnCommonValues) {
  const ColumnView column = Skewed();
  EXPECT_NEAR(EqualTo(column, Int(1)), 0.6, 1e-9);
  EXPECT_NEAR(EqualTo(column, Int(2)), 0.2, 1e-9);
  EXPECT_NEAR(EqualTo(column, Int(77)), 0.1 / 500, 0.0002);
  EXPECT_NEAR(EqualToUnknown(column), 0.9 / 502, 1e-6);
  EXPECT_NEAR(EqualToMostCommon(column), 0.6, 1e-9);
  EXPECT_LT(EqualToRarest(column), 0.001);
  EXPECT_NEAR(column.null_fraction, 0.1, 1e-9);
}

TEST(Selectivity, AllValuesCommon) {
  std::vector<int64_t> values;
  for (int i = 0; i < 900; ++i) values.push_back(i % 3);
  const ColumnView column = ViewOf(Ints(values), 900);
  EXPECT_NEAR(EqualTo(column, Int(1)), 1.0 / 3, 1e-9);
  EXPECT_NEAR(EqualTo(column, Int(9)), 0, 1e-9);
}

TEST(Selectivity, RangesFollowTheHistogram) {
  const ColumnView column = Uniform();
  for (const int64_t bound : {1, 10, 100, 250, 500, 777, 999}) {
    EXPECT_NEAR(Below(column, Int(bound), false), static_cast<double>(bound - 1) / 1000, 0.012)
        << bound;
  }
  const Value low = Int(200);
  const Value high = Int(300);
  EXPECT_NEAR(InRange(column, &low, true, &high, true), 0.101, 0.01);
  EXPECT_NEAR(InRange(column, &low, true, nullptr, false), 0.801, 0.012);
  EXPECT_LT(InRange(column, &high, true, &low, true), 1e-6);
  EXPECT_NEAR(InRange(column, &low, true, &low, true), 0.001, 0.0005);
}

TEST(Selectivity, RangesBeyondTheValues) {
  const ColumnView column = Uniform();
  EXPECT_LT(Below(column, Int(-5), true), 0.001);
  EXPECT_GT(Below(column, Int(5000), false), 0.999);
}

TEST(Selectivity, RangesCountCommonValuesOneByOne) {
  const ColumnView column = Skewed();
  EXPECT_NEAR(Below(column, Int(2), false), 0.6, 0.01);
  EXPECT_NEAR(Below(column, Int(2), true), 0.8, 0.01);
  EXPECT_NEAR(Below(column, Int(253), false), 0.85, 0.01);
  // NULLs are in no range.
  EXPECT_NEAR(Below(column, Int(100000), false), 0.9, 0.01);
}

TEST(Selectivity, SkewedDistributionByInterpolation) {
  // Exponential: most buckets are narrow, the last is wide.
  std::mt19937 random(5);
  std::exponential_distribution<double> exponential(0.001);
  std::vector<int64_t> values;
  for (int i = 0; i < 20000; ++i) values.push_back(static_cast<int64_t>(exponential(random) * 100));
  const ColumnView column = ViewOf(Ints(values), 20000);
  for (const int64_t bound : {1000, 20000, 70000, 160000, 300000}) {
    const double exact = static_cast<double>(std::count_if(values.begin(), values.end(),
                                                           [&](int64_t v) { return v < bound; })) /
                         20000;
    EXPECT_NEAR(Below(column, Int(bound), false), exact, 0.01) << bound;
  }
}

TEST(Selectivity, DatesAndTimestampsShareALine) {
  types::Vector column({TypeId::kTimestamp, 0});
  constexpr int64_t kDayUs = 86400000000;
  for (int i = 0; i < 1000; ++i) column.Append(Value::Int(TypeId::kTimestamp, i * kDayUs / 10));
  const ColumnView view = ViewOf(column, 1000);
  EXPECT_NEAR(Below(view, Value::Int(TypeId::kDate, 25), false), 0.25, 0.012);
}

TEST(Selectivity, PatternWithPrefixIsARange) {
  types::Vector column({TypeId::kText, 0});
  for (int i = 0; i < 2600; ++i) {
    column.Append(Value::Text(std::string(1, static_cast<char>('a' + i % 26)) + std::to_string(i)));
  }
  const ColumnView view = ViewOf(column, 2600);
  EXPECT_NEAR(Matches(view, "c%"), 1.0 / 26, 0.01);
  EXPECT_GT(Matches(view, "%"), 0.99);
  EXPECT_LT(Matches(view, "c1234567%"), 0.01);
  bool exact = false;
  EXPECT_EQ(FixedPrefix("ab\\%c%d", &exact), "ab%c");
  EXPECT_FALSE(exact);
  EXPECT_EQ(FixedPrefix("ab", &exact), "ab");
  EXPECT_TRUE(exact);
}

TEST(Selectivity, JoinByDistinctCounts) {
  const ColumnView many = Uniform();
  EXPECT_NEAR(EqualJoin(many, 1000, many, 1000), 0.001, 0.0001);
  EXPECT_NEAR(EqualJoin(many, 1000, many, 50), 0.001, 0.0001);
}

TEST(Selectivity, JoinByCommonValues) {
  // Pairs with equal values: 0.6 * 0.6 + 0.2 * 0.2 + little.
  const ColumnView skewed = Skewed();
  EXPECT_NEAR(EqualJoin(skewed, 502, skewed, 502), 0.4, 0.01);
}

TEST(Selectivity, SemiJoinByDomains) {
  EXPECT_NEAR(SemiJoin(0, 100, 1000), 1, 1e-9);
  EXPECT_NEAR(SemiJoin(0.1, 1000, 250), 0.225, 1e-9);
}

TEST(Selectivity, DistinctValuesAmongSomeRows) {
  EXPECT_NEAR(DistinctAmong(100, 10000, 10000), 100, 1e-9);
  EXPECT_NEAR(DistinctAmong(100, 10000, 5000), 100, 1);
  // Ten of 10,000 rows have about ten different values of 1,000.
  EXPECT_NEAR(DistinctAmong(1000, 10000, 10), 10, 0.2);
  EXPECT_GE(DistinctAmong(0, 100, 10), 1);
}

}  // namespace
}  // namespace adbms::optimizer::cost
