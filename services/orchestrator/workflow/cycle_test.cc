#include "services/orchestrator/workflow/cycle.h"

#include <gtest/gtest.h>

namespace adbms::orchestrator::workflow {
namespace {

constexpr int64_t kSecond = 1000000;

v1::Action ActionAt(int64_t id, int64_t applied_s, std::vector<uint64_t> fingerprints) {
  v1::Action action;
  action.set_id(id);
  action.set_applied_at_us(applied_s * kSecond);
  action.mutable_proposal()->set_verify_calls(10);
  for (const uint64_t one : fingerprints) action.mutable_proposal()->add_affected_fingerprints(one);
  return action;
}

// `calls` executions of statement 1 in the second that starts at `start_s`, each of `us`.
void AddWindow(intake::WorkloadStore* workload, int64_t start_s, uint64_t calls, int64_t us) {
  common::v1::WorkloadWindow window;
  window.set_source(1);
  window.set_sequence(static_cast<uint64_t>(start_s) + 1);
  window.set_start_us(start_s * kSecond);
  window.set_end_us((start_s + 1) * kSecond);
  common::v1::StatementWindow* const one = window.add_statements();
  one->set_fingerprint(1);
  one->set_calls(calls);
  one->set_total_us(static_cast<int64_t>(calls) * us);
  const double ms = static_cast<double>(us) / 1e3;
  one->set_sum_squares_ms2(static_cast<double>(calls) * ms * ms);
  ASSERT_TRUE(workload->Add(window).ok());
}

TEST(LastChangeBefore, OnlyMeasuredChangesOfTheSameStatementsCount) {
  const v1::Action mine = ActionAt(9, 100, {1});
  v1::Action informs = ActionAt(1, 90, {1});
  informs.mutable_proposal()->set_verify_calls(0);
  EXPECT_EQ(LastChangeBefore({mine, informs}, mine, 100 * kSecond), 0);
  EXPECT_EQ(LastChangeBefore({ActionAt(2, 80, {2})}, mine, 100 * kSecond), 0);
  EXPECT_EQ(LastChangeBefore({ActionAt(2, 80, {1, 2})}, mine, 100 * kSecond), 80 * kSecond);
  EXPECT_EQ(LastChangeBefore({ActionAt(2, 80, {})}, mine, 100 * kSecond), 80 * kSecond);
  EXPECT_EQ(LastChangeBefore({ActionAt(2, 120, {1})}, mine, 100 * kSecond), 0);
}

TEST(LastChangeBefore, UndoingIsAChange) {
  v1::Action undone = ActionAt(2, 80, {1});
  undone.set_decided_at_us(95 * kSecond);
  undone.set_state(v1::ACTION_STATE_KEPT);
  EXPECT_EQ(LastChangeBefore({undone}, ActionAt(9, 100, {1}), 100 * kSecond), 80 * kSecond);
  undone.set_state(v1::ACTION_STATE_REVERTED);
  EXPECT_EQ(LastChangeBefore({undone}, ActionAt(9, 100, {1}), 100 * kSecond), 95 * kSecond);
}

TEST(Measure, DoesNotCreditAnEarlierChange) {
  intake::WorkloadStore workload;
  for (int64_t second = 0; second < 10; ++second) AddWindow(&workload, second, 10, 50000);
  // Another action made it faster at 10; this one, at 20, changes nothing.
  for (int64_t second = 10; second < 30; ++second) AddWindow(&workload, second, 10, 1000);
  const v1::Action action = ActionAt(2, 20, {1});
  EXPECT_NEAR(Measure(workload, action, 10 * kSecond, 30 * kSecond).gain, 0, 1e-9);
  EXPECT_GT(Measure(workload, action, 0, 30 * kSecond).gain, 0.9);
}

}  // namespace
}  // namespace adbms::orchestrator::workflow
