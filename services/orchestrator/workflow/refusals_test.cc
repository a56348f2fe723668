#include "services/orchestrator/workflow/refusals.h"

#include <gtest/gtest.h>

namespace adbms::orchestrator::workflow {
namespace {

constexpr int64_t kMinute = 60LL * 1000000;
constexpr int64_t kDay = 24 * 60 * kMinute;
constexpr int64_t kNow = 100 * kDay;

module::v1::Proposal Index(const std::string& subject, std::vector<uint64_t> fingerprints) {
  module::v1::Proposal proposal;
  proposal.set_kind("create_index");
  proposal.set_subject(subject);
  proposal.set_table_id(7);
  proposal.set_verify_calls(10);
  for (const uint64_t one : fingerprints) proposal.add_affected_fingerprints(one);
  return proposal;
}

v1::Action Decided(v1::Outcome outcome, int64_t ago_us,
                   v1::ActionState state = v1::ACTION_STATE_REVERTED) {
  v1::Action action;
  action.set_id(1);
  action.set_module("indexer");
  *action.mutable_proposal() = Index("t(a)", {1, 2});
  action.set_state(state);
  action.set_outcome(outcome);
  action.set_decided_at_us(kNow - ago_us);
  return action;
}

bool May(const std::vector<v1::Action>& newest_first,
         const module::v1::Proposal& proposal = Index("t(a)", {1, 2})) {
  return MayEnter(newest_first, "indexer", proposal, kNow);
}

TEST(Refusals, HowItEndedDecidesHowLongItIsLeftAlone) {
  EXPECT_TRUE(May({}));
  EXPECT_FALSE(May({Decided(v1::OUTCOME_LOST, kDay / 2)}));
  EXPECT_TRUE(May({Decided(v1::OUTCOME_LOST, 2 * kDay)}));
  EXPECT_FALSE(May({Decided(v1::OUTCOME_NOT_MEASURABLE, kMinute)}));
  EXPECT_TRUE(May({Decided(v1::OUTCOME_NOT_MEASURABLE, 3 * kMinute)}));
  EXPECT_TRUE(May({Decided(v1::OUTCOME_LOAD_CHANGED, 3 * kMinute)}));
  EXPECT_FALSE(May({Decided(v1::OUTCOME_UNWANTED, 20 * kDay)}));
  EXPECT_TRUE(May({Decided(v1::OUTCOME_UNWANTED, 40 * kDay)}));
  EXPECT_TRUE(May({Decided(v1::OUTCOME_GAINED, kMinute, v1::ACTION_STATE_KEPT)}));
  EXPECT_TRUE(May({Decided(v1::OUTCOME_SUPERSEDED, kMinute)}));
}

TEST(Refusals, WhatCannotBeMeasuredAgainAndAgainWaitsLonger) {
  const auto one = Decided(v1::OUTCOME_NOT_MEASURABLE, 3 * kMinute);
  EXPECT_TRUE(May({one}));
  EXPECT_FALSE(May({one, Decided(v1::OUTCOME_LOAD_CHANGED, 10 * kMinute)}));
}

TEST(Refusals, AnInterruptedOneMayBeTriedAgainButNotForEver) {
  const auto once = Decided(v1::OUTCOME_INTERRUPTED, kMinute);
  EXPECT_TRUE(May({once}));
  EXPECT_FALSE(May({once, Decided(v1::OUTCOME_INTERRUPTED, 2 * kMinute)}));
  EXPECT_TRUE(May({once, Decided(v1::OUTCOME_INTERRUPTED, 3 * kDay)}));
}

TEST(Refusals, AVariantOfWhatAPersonTookBackIsNotWantedEither) {
  const std::vector<v1::Action> undone = {Decided(v1::OUTCOME_UNWANTED, kMinute)};
  EXPECT_FALSE(May(undone, Index("t(a) include (b)", {1})));
  EXPECT_TRUE(May(undone, Index("t(c)", {1, 9}))) << "it serves another statement too";
  module::v1::Proposal elsewhere = Index("u(a)", {1});
  elsewhere.set_table_id(8);
  EXPECT_TRUE(May(undone, elsewhere));
  const Refusals told = RefusalsFor(undone, "indexer", kNow);
  ASSERT_EQ(told.unwanted.size(), 1u);
  EXPECT_EQ(told.unwanted[0].subject(), "t(a)");
  EXPECT_TRUE(RefusalsFor(undone, "tuner", kNow).unwanted.empty());
}

TEST(Refusals, APendingOneExcludesOnlyWhatCannotBeToldApart) {
  v1::Action pending = Decided(v1::OUTCOME_UNSPECIFIED, 0, v1::ACTION_STATE_VERIFYING);
  pending.set_decided_at_us(0);
  EXPECT_FALSE(May({pending}));
  EXPECT_FALSE(May({pending}, Index("t(a, b)", {2, 5}))) << "a statement in common";
  EXPECT_TRUE(May({pending}, Index("t(z)", {5})));
  module::v1::Proposal memory;
  memory.set_kind("set_knob");
  memory.set_subject("block_cache_bytes");
  memory.set_verify_calls(10);
  memory.set_scope(module::v1::SCOPE_SYSTEM);
  EXPECT_TRUE(May({pending}, memory));
}

}  // namespace
}  // namespace adbms::orchestrator::workflow
