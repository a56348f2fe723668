#include "services/gateway/console/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace adbms::gateway::console {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kInfinite = std::numeric_limits<double>::infinity();

Counted Reading(double statements, std::vector<double> counts) {
  Counted counted;
  counted.statements = statements;
  counted.bounds = {0.001, 0.01, kInfinite};
  counted.counts = std::move(counts);
  return counted;
}

TEST(QuantileTest, IsBetweenBoundsInProportion) {
  const Counted before = Reading(0, {5, 5, 5});
  const Counted after = Reading(0, {55, 105, 105});
  EXPECT_DOUBLE_EQ(Quantile(before, after, 0.5), 0.001);
  EXPECT_DOUBLE_EQ(Quantile(before, after, 0.25), 0.0005);
  EXPECT_DOUBLE_EQ(Quantile(before, after, 0.75), 0.0055);
}

TEST(QuantileTest, BeyondTheLastBoundIsThatBound) {
  EXPECT_DOUBLE_EQ(Quantile(Reading(0, {0, 0, 0}), Reading(0, {0, 0, 9}), 0.5), 0.01);
}

TEST(QuantileTest, WithoutStatementsIsNothing) {
  EXPECT_EQ(Quantile(Reading(0, {3, 3, 3}), Reading(0, {3, 3, 3}), 0.5), 0);
  EXPECT_EQ(Quantile(Counted(), Counted(), 0.5), 0);
}

TEST(HistoryTest, TellsRatesBetweenReadingsAndOnlyWhatIsNew) {
  History history;
  const absl::Time start = absl::FromUnixMillis(1000000);
  history.Add(start, Reading(100, {100, 100, 100}), 3);
  EXPECT_THAT(history.Json(absl::UnixEpoch(), Counted()), HasSubstr("\"points\":[]"));
  history.Add(start + absl::Seconds(2), Reading(300, {300, 300, 300}), 4);
  history.Add(start + absl::Seconds(4), Reading(300, {300, 300, 300}), 4);
  EXPECT_THAT(history.Json(absl::UnixEpoch(), Counted()),
              HasSubstr("[1002000,100,0,0,0.5,0.95,0.99,4],[1004000,0,0,0,null,null,null,4]"));
  EXPECT_THAT(history.Json(start + absl::Seconds(2), Counted()), Not(HasSubstr("1002000")));
}

TEST(HistoryTest, KeepsAnHour) {
  History history;
  const absl::Time start = absl::FromUnixMillis(0);
  for (int i = 0; i <= 2000; ++i)
    history.Add(start + i * History::kInterval, Reading(i, {0, 0, 0}), 0);
  EXPECT_THAT(history.Json(absl::UnixEpoch(), Counted()), Not(HasSubstr("[400000,")));
  EXPECT_THAT(history.Json(absl::UnixEpoch(), Counted()), HasSubstr("[402000,"));
}

}  // namespace
}  // namespace adbms::gateway::console
