// What a restarted orchestrator makes of actions under way.
#include "services/orchestrator/workflow/cycle_fixture.h"

namespace adbms::orchestrator::workflow {
namespace {

TEST_F(CycleTest, WhatHelpedIsKeptOnFiguresFromBeforeTheRestart) {
  LeaveVerifying(true);
  const auto process = Start();
  process->Join(module_);
  process->cycle.Verify({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_VERIFYING) << "nothing has run since";
  process->Execute(1000);
  process->cycle.Verify({});
  const v1::Action kept = Stored();
  EXPECT_EQ(kept.state(), v1::ACTION_STATE_KEPT) << kept.verdict();
  EXPECT_NEAR(kept.measured_gain(), 0.98, 1e-6);
  EXPECT_NE(kept.verdict().find("20 executions before and 20 after"), std::string::npos)
      << kept.verdict();
  EXPECT_FALSE(kept.has_progress());
  EXPECT_EQ(module_->reverted, 0);
}

TEST_F(CycleTest, WhatDidNotHelpIsTakenBackOnThem) {
  LeaveVerifying(true);
  const auto process = Start();
  process->Join(module_);
  process->Execute(60000);
  process->cycle.Verify({});
  const v1::Action undone = Stored();
  EXPECT_EQ(undone.state(), v1::ACTION_STATE_REVERTED);
  EXPECT_NEAR(undone.measured_gain(), -0.2, 1e-6);
  EXPECT_EQ(module_->reverted, 1);
}

TEST_F(CycleTest, ADeadlineThatPassedWhileNobodyMeasuredIsGivenAgain) {
  LeaveVerifying(true);
  {
    ledger::Ledger ledger(sql_.get());
    ASSERT_TRUE(ledger.Open({}).ok());
    v1::Action action = *ledger.Get(1);
    action.mutable_progress()->set_deadline_us(1);
    ASSERT_TRUE(ledger.Update({}, action).ok());
  }
  const auto process = Start();
  process->Join(module_);
  process->cycle.Verify({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_VERIFYING);
  EXPECT_GT(Stored().progress().deadline_us(), absl::ToUnixMicros(absl::Now()));
}

TEST_F(CycleTest, WithoutFiguresFromBeforeItSaysSo) {
  config_.set_verification_timeout_ms(0);
  LeaveVerifying(false);
  const auto process = Start();
  process->Join(module_);
  process->Execute(1000);
  process->cycle.Verify({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_REVERTED);
  EXPECT_NE(Stored().verdict().find("had not run often enough before it"), std::string::npos)
      << Stored().verdict();
}

TEST_F(CycleTest, WithoutARecordItSaysSo) {
  config_.set_verification_timeout_ms(0);
  LeaveVerifying(true);
  ASSERT_TRUE(sql_->Run({}, "UPDATE adbms.actions SET progress = NULL").ok());
  const auto process = Start();
  process->Join(module_);
  process->Execute(1000);
  process->cycle.Verify({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_REVERTED);
  EXPECT_NE(Stored().verdict().find("outlived a restart"), std::string::npos) << Stored().verdict();
}

TEST_F(CycleTest, WhatWasHalfAppliedIsUndone) {
  LeaveApplying(1);
  const auto process = Start();
  process->Join(module_);
  process->cycle.Settle({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_REVERTED);
  EXPECT_EQ(module_->reverted, 1);
  EXPECT_EQ(module_->applied, 0);
}

TEST_F(CycleTest, WhatWasInterruptedIsTriedAgainButNotForEver) {
  LeaveApplying(1);
  module_->proposes = true;
  const auto process = Start();
  process->Join(module_);
  process->cycle.Settle({});
  EXPECT_EQ(Stored().outcome(), v1::OUTCOME_INTERRUPTED);
  EXPECT_EQ(process->Propose(module_).size(), 1u);
  v1::Action again = *process->ledger.Get(2);
  again.set_state(v1::ACTION_STATE_REVERTED);
  again.set_outcome(v1::OUTCOME_INTERRUPTED);
  again.set_decided_at_us(absl::ToUnixMicros(absl::Now()));
  ASSERT_TRUE(process->ledger.Update({}, again).ok());
  EXPECT_TRUE(process->Propose(module_).empty()) << "twice is enough for a day";
}

TEST_F(CycleTest, AModuleThatIsAwayIsWaitedForToUndo) {
  LeaveApplying(1);
  const auto process = Start();
  process->cycle.Settle({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_APPLYING) << "the module has not joined yet";
  module_->away = true;
  process->Join(module_);
  process->cycle.Settle({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_APPLYING) << "the module cannot be reached";
  module_->away = false;
  process->cycle.Settle({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_REVERTED);
  EXPECT_EQ(module_->reverted, 1);
}

TEST_F(CycleTest, AModuleThatStaysAwayIsNotWaitedForForEver) {
  config_.set_verification_timeout_ms(0);
  LeaveApplying(1);
  const auto process = Start();
  process->cycle.Settle({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_FAILED);
  EXPECT_NE(Stored().verdict().find("undoing failed"), std::string::npos) << Stored().verdict();
}

TEST_F(CycleTest, WhatHasNothingToUndoIsDoneOnceMore) {
  module_->proposal.clear_undo();
  module_->proposal.set_verify_calls(0);
  LeaveApplying(1);
  const auto process = Start();
  process->Join(module_);
  process->cycle.Run({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_KEPT) << Stored().verdict();
  EXPECT_EQ(module_->applied, 1);
  EXPECT_EQ(module_->reverted, 0);
}

TEST_F(CycleTest, WhatEndsTheProcessTwiceIsNotTriedAThirdTime) {
  module_->proposal.clear_undo();
  LeaveApplying(2);
  const auto process = Start();
  process->Join(module_);
  process->cycle.Settle({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_FAILED);
  EXPECT_EQ(module_->applied, 0);
}

}  // namespace
}  // namespace adbms::orchestrator::workflow
