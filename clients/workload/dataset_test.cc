#include "clients/workload/dataset.h"

#include <gtest/gtest.h>

#include "absl/strings/str_split.h"

namespace adbms::clients::workload {
namespace {

std::string Rows(const Dataset& data, size_t table, int64_t first, int64_t last) {
  std::string copy;
  for (int64_t unit = first; unit <= last; ++unit) data.AppendRows(table, unit, &copy);
  return copy;
}

TEST(Dataset, SameSeedGivesTheSameRowsInAnyOrder) {
  const Dataset one(0.01, 7);
  const Dataset other(0.01, 7);
  for (size_t table = 0; table < one.tables().size(); ++table) {
    EXPECT_EQ(Rows(one, table, 1, 10), Rows(other, table, 1, 5) + Rows(other, table, 6, 10));
  }
}

TEST(Dataset, AnotherSeedGivesOtherRows) {
  EXPECT_NE(Rows(Dataset(0.01, 1), 3, 1, 10), Rows(Dataset(0.01, 2), 3, 1, 10));
}

TEST(Dataset, ScaleOneIsAboutAMillionItems) {
  const Dataset data(1.0, 1);
  int64_t items = 0;
  std::string copy;
  for (int64_t order = 1; order <= 10000; ++order) items += data.AppendRows(4, order, &copy);
  const double all = static_cast<double>(items) / 10000 * static_cast<double>(data.sizes().orders);
  EXPECT_NEAR(all, 1e6, 5e4);
}

TEST(Dataset, LinesHaveAsManyValuesAsTheTableHasColumns) {
  const Dataset data(0.01, 1);
  for (size_t table = 0; table < data.tables().size(); ++table) {
    const std::string& definition = data.tables()[table].definition;
    const std::string line = Rows(data, table, 1, 1);
    const std::vector<std::string> values = absl::StrSplit(line.substr(0, line.find('\n')), '\t');
    // Commas between columns, less those of types and keys.
    const std::vector<std::string> columns = absl::StrSplit(definition, ", ");
    const size_t key = definition.find(", PRIMARY KEY") == std::string::npos ? 0 : 2;
    EXPECT_EQ(values.size(), columns.size() - key) << definition << line;
  }
}

TEST(Dataset, LookUpValuesAreInTheRows) {
  const Dataset data(0.01, 3);
  EXPECT_NE(Rows(data, 2, 42, 42).find("\t" + data.Email(42) + "\t"), std::string::npos);
  EXPECT_NE(Rows(data, 3, 42, 42).find("\t" + Dataset::Date(data.DayOfOrder(42)) + " "),
            std::string::npos);
}

TEST(Dataset, DatesCountFromTheFirstDay) {
  EXPECT_EQ(Dataset::Date(0), "2022-01-01");
  EXPECT_EQ(Dataset::Date(Dataset::kDays - 1), "2024-12-31");
}

TEST(Money, HasTwoDecimals) {
  EXPECT_EQ(Money(1205), "12.05");
  EXPECT_EQ(Money(7), "0.07");
}

}  // namespace
}  // namespace adbms::clients::workload
