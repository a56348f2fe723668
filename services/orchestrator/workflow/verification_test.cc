// Verdicts out of recorded workloads: what an action is credited with, against whom it is compared.
#include "services/orchestrator/workflow/verification.h"

#include <gtest/gtest.h>

namespace adbms::orchestrator::workflow {
namespace {

constexpr int64_t kSecond = 1000000;
constexpr uint32_t kTable = 3;

struct Executions {
  uint64_t fingerprint = 1;
  uint64_t calls = 10;
  int64_t us = 1000;
  uint64_t rows_scanned = 0;
  bool writes = false;
};

class VerificationTest : public testing::Test {
 protected:
  // What ran in the second that starts at `start_s`.
  void Second(int64_t start_s, const std::vector<Executions>& all) {
    common::v1::WorkloadWindow window;
    window.set_source(1);
    window.set_sequence(static_cast<uint64_t>(start_s) + 1);
    window.set_start_us(start_s * kSecond);
    window.set_end_us((start_s + 1) * kSecond);
    for (const Executions& one : all) {
      common::v1::StatementWindow* const statement = window.add_statements();
      statement->set_fingerprint(one.fingerprint);
      statement->set_calls(one.calls);
      statement->set_total_us(static_cast<int64_t>(one.calls) * one.us);
      const double ms = static_cast<double>(one.us) / 1e3;
      statement->set_sum_squares_ms2(static_cast<double>(one.calls) * ms * ms);
      statement->set_rows_scanned(one.calls * one.rows_scanned);
      statement->set_read_only(!one.writes);
      statement->add_table_ids(kTable);
    }
    ASSERT_TRUE(workload_.Add(window).ok());
    now_us_ = (start_s + 1) * kSecond;
  }
  void Seconds(int64_t from_s, int64_t to_s, const std::vector<Executions>& all) {
    for (int64_t second = from_s; second < to_s; ++second) Second(second, all);
  }
  static v1::Action ActionAt(int64_t id, int64_t applied_s,
                             const std::vector<uint64_t>& fingerprints) {
    v1::Action action;
    action.set_id(id);
    action.set_state(v1::ACTION_STATE_VERIFYING);
    action.set_applied_at_us(applied_s * kSecond);
    action.mutable_proposal()->set_verify_calls(10);
    for (const uint64_t one : fingerprints) {
      action.mutable_proposal()->add_affected_fingerprints(one);
    }
    return action;
  }
  Evidence Now() {
    changes_ = ChangesOf(others_);
    return {workload_, machine_, changes_, now_us_};
  }
  Measurement MeasureNow(const v1::Action& action) { return Measure(Now(), action); }

  intake::WorkloadStore workload_;
  intake::MachineLoad machine_;
  std::vector<v1::Action> others_;
  std::vector<Change> changes_;
  int64_t now_us_ = 0;
};

TEST_F(VerificationTest, AnEarlierChangeIsNotCredited) {
  Seconds(0, 10, {{.us = 50000}});
  Seconds(10, 30, {{.us = 1000}});
  others_ = {ActionAt(1, 10, {1})};
  EXPECT_NEAR(MeasureNow(ActionAt(2, 20, {1})).gain, 0, 1e-9);
  others_.clear();
  EXPECT_GT(MeasureNow(ActionAt(2, 20, {1})).gain, 0.6);
}

TEST_F(VerificationTest, ABusierMachineTakesNothingFromAGoodAction) {
  // Everything takes twice as long afterwards; this one would have taken half without that.
  Seconds(0, 10, {{1, 10, 10000}, {2, 50, 400}, {3, 20, 700}, {4, 9, 90}, {5, 9, 300}});
  Seconds(10, 20, {{1, 10, 10000}, {2, 50, 800}, {3, 20, 1400}, {4, 9, 180}, {5, 9, 600}});
  const Measurement found = MeasureNow(ActionAt(1, 10, {1}));
  EXPECT_EQ(found.control_statements, 4u);
  EXPECT_GT(found.drift, 1.6);
  EXPECT_GT(found.gain, 0.4);
  EXPECT_LT(found.gain, 0.55);
  EXPECT_TRUE(found.load_change.empty());
}

TEST_F(VerificationTest, ALighterLoadIsNoGain) {
  Seconds(0, 10, {{1, 10, 10000}, {2, 50, 800}, {3, 20, 1400}, {4, 9, 180}, {5, 9, 600}});
  Seconds(10, 20, {{1, 10, 5000}, {2, 50, 400}, {3, 20, 700}, {4, 9, 90}, {5, 9, 300}});
  const Measurement found = MeasureNow(ActionAt(1, 10, {1}));
  EXPECT_LT(found.gain, 0.15);
  EXPECT_GT(found.uncertainty, 0.05) << "the control's own swings are part of it";
}

TEST_F(VerificationTest, OneStatementOfTheControlCannotPullItAway) {
  Seconds(0, 10, {{1, 10, 10000}, {2, 50, 400}, {3, 20, 700}, {4, 9, 90}});
  Seconds(10, 20, {{1, 10, 10000}, {2, 50, 400}, {3, 20, 700}, {4, 9, 90000}});
  EXPECT_NEAR(MeasureNow(ActionAt(1, 10, {1})).gain, 0, 0.01);
}

TEST_F(VerificationTest, WritersOfItsTableAreNoControlOfAnIndex) {
  Seconds(0, 10, {{1, 10, 10000}, {2, 50, 400, 0, true}});
  Seconds(10, 20, {{1, 10, 10000}, {2, 50, 4000, 0, true}});
  v1::Action action = ActionAt(1, 10, {1});
  action.mutable_proposal()->set_table_id(kTable);
  const Measurement found = MeasureNow(action);
  EXPECT_EQ(found.control_statements, 0u);
  EXPECT_NEAR(found.gain, 0, 0.01);
}

TEST_F(VerificationTest, AnotherMixAloneIsNeitherGainNorLoss) {
  // The dear statement becomes a hundred times as frequent; each takes what it took.
  Seconds(0, 10, {{1, 100, 100}, {2, 10, 50000}});
  Seconds(10, 20, {{1, 10, 100}, {2, 100, 50000}});
  EXPECT_NEAR(MeasureNow(ActionAt(1, 10, {})).gain, 0, 1e-9);
}

TEST_F(VerificationTest, OtherStatementsThanBeforeAreALoadChange) {
  Seconds(0, 10, {{.us = 1000}});
  Seconds(10, 20, {{.us = 9000}, {2, 50, 3000}});
  const Measurement found = MeasureNow(ActionAt(1, 10, {}));
  EXPECT_LT(found.gain, 0);
  EXPECT_NE(found.load_change.find("had not run before"), std::string::npos) << found.load_change;
}

TEST_F(VerificationTest, StatementsThatStoppedAreALoadChange) {
  Seconds(0, 10, {{.us = 1000}, {2, 50, 3000}});
  Seconds(10, 20, {{.us = 500}});
  EXPECT_NE(MeasureNow(ActionAt(1, 10, {})).load_change.find("no longer run"), std::string::npos);
}

TEST_F(VerificationTest, OthersOnTheMachineAreALoadChange) {
  // Two processors: idle but for us before, one of them busy with something else after.
  for (int64_t second = 0; second <= 40; ++second) {
    const auto own = static_cast<uint64_t>(second * kSecond / 2);
    const uint64_t foreign = second < 20 ? 0 : static_cast<uint64_t>((second - 20) * kSecond);
    machine_.Add(second * kSecond, own + foreign, own, 2);
  }
  Seconds(0, 20, {{.us = 1000}});
  v1::Action action = ActionAt(1, 20, {});
  RecordBaseline(Now(), &action);
  ASSERT_TRUE(action.progress().has_foreign_cpu());
  EXPECT_NEAR(action.progress().foreign_cpu(), 0, 0.01);
  Seconds(20, 40, {{.us = 2000}});
  EXPECT_NE(MeasureNow(action).load_change.find("of the machine"), std::string::npos);
}

TEST_F(VerificationTest, ACrowdedMachineProvesNoLoss) {
  // Others have half of it before and after: what doubles the time of a statement may be them.
  for (int64_t second = 0; second <= 40; ++second) {
    const auto own = static_cast<uint64_t>(second * kSecond / 2);
    machine_.Add(second * kSecond, own + static_cast<uint64_t>(second * kSecond), own, 2);
  }
  Seconds(0, 20, {{.calls = 1000, .us = 1000}});
  v1::Action action = ActionAt(1, 20, {});
  RecordBaseline(Now(), &action);
  Seconds(20, 40, {{.calls = 1000, .us = 1520}});
  const Measurement found = MeasureNow(action);
  EXPECT_TRUE(found.load_change.empty()) << found.load_change;
  EXPECT_NEAR(found.gain, -0.52, 1e-6);
  EXPECT_GT(found.gain + 2 * found.uncertainty, 0);
  Seconds(40, 60, {{.calls = 9000, .us = 5000}});
  const Measurement worse = MeasureNow(action);
  EXPECT_LT(worse.gain + 2 * worse.uncertainty, -0.05) << "four times as long is beyond them";
}

TEST_F(VerificationTest, RowsReadDoNotDependOnTheMachine) {
  Seconds(0, 10, {{1, 10, 10000, 5000}});
  Seconds(10, 20, {{1, 10, 10000, 50}});
  EXPECT_NEAR(MeasureNow(ActionAt(1, 10, {1})).rows_gain, 0.99, 1e-9);
}

TEST_F(VerificationTest, WindowsThatSwingMakeTheGainUncertain) {
  Seconds(0, 10, {{.calls = 1000, .us = 1000}});
  for (int64_t second = 10; second < 20; ++second) {
    Second(second, {{.calls = 1000, .us = second % 2 == 0 ? 500 : 1700}});
  }
  const Measurement found = MeasureNow(ActionAt(1, 10, {1}));
  EXPECT_GT(found.uncertainty, 0.1) << "10,000 executions, but ten windows";
}

TEST_F(VerificationTest, ANarrowerChangeTakesItsStatementsOutOfASystemWideOne) {
  Seconds(0, 20, {{1, 10, 10000}, {2, 10, 10000}});
  Seconds(20, 40, {{1, 10, 100}, {2, 10, 9000}});
  v1::Action memory = ActionAt(1, 10, {});
  memory.mutable_proposal()->set_scope(module::v1::SCOPE_SYSTEM);
  others_ = {memory, ActionAt(2, 20, {1})};
  const Measurement found = MeasureNow(memory);
  EXPECT_EQ(found.statements, 2u);
  EXPECT_NEAR(found.gain, 0.03, 0.05) << "the index's gain is not the memory's";
}

TEST_F(VerificationTest, WhatHasStoppedIsNotWaitedFor) {
  Seconds(0, 10, {{.us = 1000}});
  v1::Action action = ActionAt(1, 10, {});
  RecordBaseline(Now(), &action);
  Seconds(10, 30, {{2, 10, 1000}});
  EXPECT_FALSE(NoLongerMeasurable(Now(), action, 30 * kSecond)) << "too early to tell";
  Seconds(30, 45, {{2, 10, 1000}});
  EXPECT_TRUE(NoLongerMeasurable(Now(), action, 30 * kSecond));
  Second(45, {{.us = 1000}});
  EXPECT_FALSE(NoLongerMeasurable(Now(), action, 30 * kSecond)) << "it runs again";
}

TEST_F(VerificationTest, FiguresFromBeforeOutliveTheStore) {
  Seconds(0, 10, {{1, 10, 10000, 700}, {2, 50, 400}});
  v1::Action action = ActionAt(1, 10, {1});
  RecordBaseline(Now(), &action);
  intake::WorkloadStore fresh;
  const std::vector<Change> none;
  common::v1::WorkloadWindow window;
  window.set_source(2);
  window.set_sequence(1);
  window.set_start_us(10 * kSecond);
  window.set_end_us(11 * kSecond);
  for (const auto& [fingerprint, us] : {std::pair<uint64_t, int64_t>{1, 5000}, {2, 400}}) {
    auto* one = window.add_statements();
    one->set_fingerprint(fingerprint);
    one->set_calls(20);
    one->set_total_us(20 * us);
  }
  ASSERT_TRUE(fresh.Add(window).ok());
  const Measurement found = Measure({fresh, machine_, none, 12 * kSecond}, action);
  EXPECT_NEAR(found.gain, 0.5, 0.01);
  EXPECT_EQ(found.control_statements, 1u);
}

TEST(Attribution, OnlyWhatCouldNotBeToldApartExcludesEachOther) {
  module::v1::Proposal index;
  index.add_affected_fingerprints(1);
  module::v1::Proposal other;
  other.add_affected_fingerprints(2);
  module::v1::Proposal memory;
  memory.set_scope(module::v1::SCOPE_SYSTEM);
  memory.add_affected_fingerprints(1);
  module::v1::Proposal all;
  EXPECT_TRUE(Excludes(index, index));
  EXPECT_FALSE(Excludes(index, other));
  EXPECT_FALSE(Excludes(index, memory));
  EXPECT_FALSE(Excludes(memory, index));
  EXPECT_TRUE(Excludes(memory, all));
}

TEST(Attribution, UndoingIsAChange) {
  v1::Action undone;
  undone.set_id(2);
  undone.set_applied_at_us(80);
  undone.set_decided_at_us(95);
  undone.set_state(v1::ACTION_STATE_KEPT);
  undone.mutable_proposal()->set_verify_calls(1);
  undone.mutable_proposal()->add_affected_fingerprints(1);
  const std::vector<v1::Action> kept = {undone};
  EXPECT_EQ(LastChangeBefore(ChangesOf(kept), 9, 1, 100), 80);
  undone.set_state(v1::ACTION_STATE_REVERTED);
  const std::vector<v1::Action> taken_back = {undone};
  EXPECT_EQ(LastChangeBefore(ChangesOf(taken_back), 9, 1, 100), 95);
  EXPECT_EQ(LastChangeBefore(ChangesOf(taken_back), 9, 7, 100), 0) << "another statement";
  EXPECT_EQ(LastChangeBefore(ChangesOf(taken_back), 2, 1, 100), 0) << "its own";
}

}  // namespace
}  // namespace adbms::orchestrator::workflow
