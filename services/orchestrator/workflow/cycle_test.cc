// Rounds of several modules: what goes on beside what, and whose word counts.
#include "services/orchestrator/workflow/cycle_fixture.h"

namespace adbms::orchestrator::workflow {
namespace {

// A second module, whose changes concern everything that runs.
std::shared_ptr<FakeModule> Tuner() {
  auto tuner = std::make_shared<FakeModule>();
  tuner->name = "tuner";
  tuner->proposes = true;
  tuner->proposal.set_kind("set_knob");
  tuner->proposal.set_subject("memtable_bytes");
  tuner->proposal.set_statement("SET storage.memtable_bytes = 2");
  tuner->proposal.set_undo("SET storage.memtable_bytes = 1");
  tuner->proposal.set_verify_calls(10);
  tuner->proposal.set_predicted_gain(0.1);
  tuner->proposal.set_scope(module::v1::SCOPE_SYSTEM);
  return tuner;
}

v1::Action StateOf(Process* process, int64_t id) {
  const auto action = process->ledger.Get(id);
  EXPECT_TRUE(action.ok()) << action.status();
  return action.value_or(v1::Action());
}

// As if it had been applied `seconds` earlier: what the clock would do.
void Age(Process* process, int64_t id, int64_t seconds) {
  v1::Action action = StateOf(process, id);
  action.set_applied_at_us(action.applied_at_us() - seconds * 1000000);
  ASSERT_TRUE(process->ledger.Update({}, action).ok());
}

TEST_F(CycleTest, AnIndexDoesNotWaitForMemoryThatNobodyCanMeasure) {
  const auto process = Start();
  const auto tuner = Tuner();
  process->Join(tuner);
  process->Execute(50000, /*fingerprint=*/99, /*seconds_ago=*/90);  // The load, which is over.
  ASSERT_EQ(process->Propose(tuner).size(), 1u);
  ASSERT_EQ(StateOf(process.get(), 1).state(), v1::ACTION_STATE_VERIFYING);
  Age(process.get(), 1, 10);
  module_->proposes = true;
  process->Join(module_);
  process->Execute(50000);
  ASSERT_EQ(process->Propose(module_).size(), 1u);
  EXPECT_EQ(StateOf(process.get(), 2).state(), v1::ACTION_STATE_VERIFYING)
      << StateOf(process.get(), 2).verdict();
  EXPECT_EQ(module_->applied, 1);
  // Nor does the memory wait for what will not come.
  Age(process.get(), 1, 30);
  process->cycle.Verify({});
  const v1::Action memory = StateOf(process.get(), 1);
  EXPECT_EQ(memory.state(), v1::ACTION_STATE_REVERTED);
  EXPECT_EQ(memory.outcome(), v1::OUTCOME_NOT_MEASURABLE) << memory.verdict();
  EXPECT_NE(memory.verdict().find("not measurable"), std::string::npos) << memory.verdict();
  EXPECT_FALSE(memory.has_measured_gain()) << "nothing was measured";
}

TEST_F(CycleTest, AModuleWithAWaitingActionIsAskedOn) {
  const auto process = Start();
  module_->proposes = true;
  process->Join(module_);
  process->Execute(50000);
  ASSERT_EQ(process->Propose(module_).size(), 1u);
  // Another statement of the same module's.
  module_->proposal.set_subject("another");
  module_->proposal.clear_affected_fingerprints();
  module_->proposal.add_affected_fingerprints(8);
  process->Execute(50000, 8);
  EXPECT_EQ(process->Propose(module_).size(), 1u);
  EXPECT_EQ(module_->applied, 2);
  // What shares a statement with one under way is not entered.
  module_->proposal.set_subject("a third");
  module_->proposal.add_affected_fingerprints(kStatement);
  EXPECT_TRUE(process->Propose(module_).empty());
}

TEST_F(CycleTest, AChangedLoadIsSaidInPlaceOfAPercentage) {
  const auto process = Start();
  const auto tuner = Tuner();
  process->Join(tuner);
  process->Execute(1000);
  ASSERT_EQ(process->Propose(tuner).size(), 1u);
  process->Execute(9000);
  process->Execute(90000, /*fingerprint=*/8);
  process->cycle.Verify({});
  const v1::Action memory = StateOf(process.get(), 1);
  EXPECT_EQ(memory.outcome(), v1::OUTCOME_LOAD_CHANGED) << memory.verdict();
  EXPECT_NE(memory.verdict().find("the load changed"), std::string::npos);
  EXPECT_FALSE(memory.has_measured_gain());
  EXPECT_EQ(tuner->reverted, 1);
}

TEST_F(CycleTest, WhatAPersonDroppedIsTheirWord) {
  module_->proposes = true;
  const auto process = Start();
  process->Join(module_);
  process->Execute(50000);
  ASSERT_EQ(process->Propose(module_).size(), 1u);
  process->Execute(1000);
  process->cycle.Verify({});
  ASSERT_EQ(Stored().state(), v1::ACTION_STATE_KEPT);
  module_->gone = module_->proposal.subject();
  process->cycle.Reconcile({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_REVERTED);
  EXPECT_EQ(Stored().outcome(), v1::OUTCOME_UNWANTED);
  EXPECT_EQ(Stored().initiator(), "user");
  EXPECT_EQ(module_->reverted, 0) << "there is nothing left to undo";
  module_->proposal.set_subject("the same in other words");
  module_->proposal.set_table_id(0);
  EXPECT_EQ(process->Propose(module_).size(), 1u) << "a variant is one of the same table";
}

TEST_F(CycleTest, WhatPromisesNothingIsKeptWhileItDoesNoHarm) {
  module_->proposes = true;
  module_->proposal.set_predicted_gain(0);
  const auto process = Start();
  process->Join(module_);
  process->Execute(10000, kStatement, /*seconds_ago=*/60);
  ASSERT_EQ(process->Propose(module_).size(), 1u);
  process->Execute(10100);
  process->cycle.Verify({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_VERIFYING) << "plans are being made anew";
  Age(process.get(), 1, 10);
  process->cycle.Verify({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_KEPT) << Stored().verdict();
}

TEST_F(CycleTest, WhatPromisesNothingIsTakenBackWhenItHarms) {
  module_->proposes = true;
  module_->proposal.set_predicted_gain(0.7);
  module_->proposal.set_measure(module::v1::MEASURE_ESTIMATES);
  const auto process = Start();
  process->Join(module_);
  process->Execute(10000, kStatement, /*seconds_ago=*/60);
  ASSERT_EQ(process->Propose(module_).size(), 1u);
  process->Execute(20000);
  Age(process.get(), 1, 10);
  process->cycle.Verify({});
  EXPECT_EQ(Stored().state(), v1::ACTION_STATE_REVERTED);
  EXPECT_FALSE(Stored().has_measured_gain()) << "its gain is not one of time";
}

TEST_F(CycleTest, WhatHoldsForAModuleIsTheConfigurationsUntilAPersonSetsIt) {
  {
    const auto first = Start();  // autonomy: auto
    first->Join(module_);
    EXPECT_EQ(first->registry.Find("fake")->autonomy, v1::AUTONOMY_AUTO);
  }
  {
    registry::ModuleRegistry second(sql_.get(), v1::AUTONOMY_OFF);
    ASSERT_TRUE(second.Open({}).ok());
    ASSERT_TRUE(second.Add({}, module_, "").ok());
    EXPECT_EQ(second.Find("fake")->autonomy, v1::AUTONOMY_OFF);
    second.SetDefault({}, v1::AUTONOMY_OBSERVE);
    EXPECT_EQ(second.Find("fake")->autonomy, v1::AUTONOMY_OBSERVE);
    ASSERT_TRUE(second.SetAutonomy({}, "fake", v1::AUTONOMY_RECOMMEND).ok());
  }
  registry::ModuleRegistry third(sql_.get(), v1::AUTONOMY_OFF);
  ASSERT_TRUE(third.Open({}).ok());
  ASSERT_TRUE(third.Add({}, module_, "").ok());
  EXPECT_EQ(third.Find("fake")->autonomy, v1::AUTONOMY_RECOMMEND);
  ASSERT_TRUE(third.SetAutonomy({}, "fake", v1::AUTONOMY_UNSPECIFIED).ok());
  EXPECT_EQ(third.Find("fake")->autonomy, v1::AUTONOMY_OFF);
}

}  // namespace
}  // namespace adbms::orchestrator::workflow
