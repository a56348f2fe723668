#include "services/orchestrator/report/run_report.h"

#include <gtest/gtest.h>

#include "services/orchestrator/report/charts.h"

namespace adbms::orchestrator::report {
namespace {

constexpr int64_t kStart = 1764000000LL * 1000000;

v1::Action Measured(int64_t id, v1::ActionState state, double predicted, double measured,
                    uint64_t fingerprint) {
  v1::Action action;
  action.set_id(id);
  action.set_state(state);
  action.set_applied_at_us(kStart + id * 10 * 1000000);
  action.set_measured_gain(measured);
  action.mutable_proposal()->set_predicted_gain(predicted);
  action.mutable_proposal()->set_statement("CREATE INDEX <i>");
  action.mutable_proposal()->add_affected_fingerprints(fingerprint);
  return action;
}

RunReport Sample() {
  RunReport report;
  report.history = {Measured(3, v1::ACTION_STATE_REVERTED, 0.5, -0.2, 7),
                    Measured(2, v1::ACTION_STATE_KEPT, 0.9, 0.5, 7),
                    Measured(1, v1::ACTION_STATE_KEPT, 0.8, 0.75, 8)};
  report.load_step_seconds = 10;
  for (int i = 0; i < 6; ++i)
    report.load.push_back({kStart + i * 10 * 1000000, i == 2 ? 0.0 : 100.0 * (i + 1), 5e6});
  report.recent_us = {{7, 2e6}, {8, 1e6}};
  return report;
}

TEST(Savings, AreWhatTheMeasuredGainsLeftAway) {
  const Savings savings = SavingsOf(Sample());
  EXPECT_EQ(savings.kept, 2);
  EXPECT_EQ(savings.reverted, 1);
  EXPECT_DOUBLE_EQ(savings.statements_seconds, 3);
  // 2 s at half of the time, 1 s at a quarter.
  EXPECT_DOUBLE_EQ(savings.without_seconds, 8);
}

TEST(Savings, TwoChangesForOneStatementMultiply) {
  RunReport report = Sample();
  report.history = {Measured(1, v1::ACTION_STATE_KEPT, 1, 0.5, 7),
                    Measured(2, v1::ACTION_STATE_KEPT, 1, 0.5, 7)};
  const Savings savings = SavingsOf(report);
  EXPECT_DOUBLE_EQ(savings.statements_seconds, 2);
  EXPECT_DOUBLE_EQ(savings.without_seconds, 8);
}

TEST(Savings, EstimatesAndWhatIsNotMeasuredAreNoTime) {
  RunReport report = Sample();
  report.history.resize(2);
  report.history[1].mutable_proposal()->set_measure(module::v1::MEASURE_ESTIMATES);
  const Savings savings = SavingsOf(report);
  EXPECT_EQ(savings.kept, 1);
  EXPECT_DOUBLE_EQ(savings.without_seconds, 0);
}

TEST(Charts, TheLoadHasItsActions) {
  const std::string chart = LoadChart(Sample());
  for (const char* part :
       {"#1", "#2", "#3", "class=\"kept\"", "class=\"reverted\"", ">100<", ">50 ms<"})
    EXPECT_NE(chart.find(part), std::string::npos) << part << " is not in " << chart;
  // Where nothing ran there is no mean: the line is broken.
  const size_t time = chart.find("class=\"time\"");
  const std::string path = chart.substr(chart.rfind("<path", time), 400);
  EXPECT_NE(path.find("M", path.find("M") + 1), std::string::npos) << path;
}

TEST(Charts, GainsArePredictedAndMeasured) {
  const std::string chart = GainChart(Sample());
  for (const char* part : {"class=\"predicted\"", "class=\"gain\"", "class=\"loss\"", "-100 %"})
    EXPECT_NE(chart.find(part), std::string::npos) << part;
}

TEST(Charts, NothingIsDrawnOfNothing) {
  EXPECT_EQ(LoadChart(RunReport()), "");
  EXPECT_EQ(GainChart(RunReport()), "");
  const std::string html = ToHtml(RunReport());
  EXPECT_EQ(html.find("<svg"), std::string::npos);
  EXPECT_NE(html.find("No change has been measured yet."), std::string::npos);
}

TEST(Report, TextOfStatementsIsEscaped) {
  const std::string html = ToHtml(Sample());
  EXPECT_NE(html.find("CREATE INDEX &lt;i&gt;"), std::string::npos);
  EXPECT_NE(html.find("2 changes were measured and kept, 1 taken back."), std::string::npos);
  EXPECT_NE(html.find("took 3.0 s; by what was measured they would have taken 8.0 s"),
            std::string::npos);
}

}  // namespace
}  // namespace adbms::orchestrator::report
