#include "services/storage/statistics/partition_statistics.h"

#include "gtest/gtest.h"

namespace adbms::storage::statistics {
namespace {

using common::v1::TableStatistics;

TableStatistics Analyzed(double rows, int64_t at) {
  TableStatistics statistics;
  statistics.set_row_count(rows);
  statistics.set_live_rows(rows);
  statistics.set_average_row_bytes(10);
  statistics.set_analyzed_at_us(at);
  auto* column = statistics.add_columns();
  column->set_distinct_count(rows / 10);
  column->set_null_fraction(0.5);
  return statistics;
}

TableStatistics Estimated(double rows) {
  TableStatistics statistics;
  statistics.set_row_count(rows);
  statistics.set_live_rows(rows);
  statistics.set_estimated(true);
  return statistics;
}

TEST(PartitionStatistics, APartitionWithoutRowsTakesNothingAway) {
  const TableStatistics one = Analyzed(100, 20);
  const TableStatistics two = Analyzed(300, 10);
  const TableStatistics empty = Estimated(0);
  const TableStatistics sum = SumOf(7, {&one, &empty, &two});
  EXPECT_FALSE(sum.estimated());
  EXPECT_EQ(sum.row_count(), 400);
  EXPECT_EQ(sum.average_row_bytes(), 10);
  EXPECT_EQ(sum.analyzed_at_us(), 10);
  ASSERT_EQ(sum.columns_size(), 1);
  EXPECT_EQ(sum.columns(0).null_fraction(), 0.5);
}

TEST(PartitionStatistics, OneWithRowsThatNobodyHasLookedAtDoes) {
  const TableStatistics one = Analyzed(100, 20);
  const TableStatistics unknown = Estimated(50);
  const TableStatistics sum = SumOf(7, {&one, &unknown});
  EXPECT_TRUE(sum.estimated());
  EXPECT_EQ(sum.row_count(), 150);
  EXPECT_EQ(sum.columns_size(), 0);
}

TEST(PartitionStatistics, AllThatIsEmptyIsEstimated) {
  const TableStatistics empty = Estimated(0);
  EXPECT_TRUE(SumOf(7, {&empty}).estimated());
  EXPECT_TRUE(SumOf(7, {}).estimated());
}

}  // namespace
}  // namespace adbms::storage::statistics
