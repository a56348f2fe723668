#include "services/gateway/plan_cache/plan_cache.h"

#include <gtest/gtest.h>

namespace adbms::gateway::plan_cache {
namespace {

CachedPlanPtr MakePlan(const std::string& key, const std::vector<std::string>& pinned = {}) {
  auto plan = std::make_shared<common::v1::Plan>();
  for (uint32_t i = 0; i < pinned.size(); ++i) plan->add_pinned_literals(i);
  auto cached = std::make_shared<CachedPlan>();
  cached->key = key;
  cached->plan = plan;
  cached->pinned_values = pinned;
  return cached;
}

std::vector<sql::Literal> Literals(const std::string& value) {
  sql::Literal literal;
  literal.kind = sql::Literal::Kind::kInteger;
  literal.value = value;
  return {literal};
}

TEST(PlanCacheTest, FindsByKey) {
  PlanCache cache(100);
  EXPECT_EQ(cache.Find("a", {}), nullptr);
  const auto plan = MakePlan("a");
  cache.Insert(plan);
  EXPECT_EQ(cache.Find("a", Literals("1")), plan);
  EXPECT_EQ(cache.hits(), 1u);
  EXPECT_EQ(cache.misses(), 1u);
}

TEST(PlanCacheTest, PinnedLiteralsMustBeEqual) {
  PlanCache cache(100);
  const auto one = MakePlan("a", {"1"});
  const auto two = MakePlan("a", {"2"});
  cache.Insert(one);
  cache.Insert(two);
  EXPECT_EQ(cache.Find("a", Literals("1")), one);
  EXPECT_EQ(cache.Find("a", Literals("2")), two);
  EXPECT_EQ(cache.Find("a", Literals("3")), nullptr);
  EXPECT_EQ(cache.Find("a", {}), nullptr);
}

TEST(PlanCacheTest, ErasedPlanIsGoneAndOthersStay) {
  PlanCache cache(100);
  const auto one = MakePlan("a", {"1"});
  const auto two = MakePlan("a", {"2"});
  cache.Insert(one);
  cache.Insert(two);
  cache.Erase(*one);
  EXPECT_EQ(cache.Find("a", Literals("1")), nullptr);
  EXPECT_EQ(cache.Find("a", Literals("2")), two);
}

TEST(PlanCacheTest, StaysWithinItsSize) {
  PlanCache cache(64);
  for (int i = 0; i < 10000; ++i) cache.Insert(MakePlan(std::to_string(i)));
  EXPECT_LE(cache.size(), 64u);
}

TEST(PlanCacheTest, ZeroEntriesCachesNothing) {
  PlanCache cache(0);
  cache.Insert(MakePlan("a"));
  EXPECT_EQ(cache.Find("a", {}), nullptr);
}

CachedPlanPtr MadeUnder(const std::string& key, uint64_t generation) {
  auto cached = MakePlan(key);
  auto plan = std::make_shared<common::v1::Plan>();
  plan->set_model_generation(generation);
  cached->plan = plan;
  return cached;
}

TEST(PlanCacheTest, NewModelReplacesPlansAFewAtATime) {
  PlanCache cache(4096);
  for (int i = 0; i < 500; ++i) cache.Insert(MadeUnder(std::to_string(i), 3));
  cache.Insert(MadeUnder("independent", 0));
  cache.Supersede(3);
  EXPECT_NE(cache.Find("1", {}), nullptr);
  cache.Supersede(4);
  int missing = 0;
  for (int i = 0; i < 500; ++i) missing += cache.Find(std::to_string(i), {}) == nullptr ? 1 : 0;
  EXPECT_GE(missing, 1);
  // The loop may have met a new second.
  EXPECT_LE(missing, 100);
  EXPECT_NE(cache.Find("independent", {}), nullptr);
}

TEST(PlanCacheTest, HoldersLearnThatAPlanIsSuperseded) {
  PlanCache cache(100);
  const auto old = MadeUnder("a", 3);
  cache.Insert(old);
  EXPECT_FALSE(cache.IsSuperseded(*old));
  const auto better = MadeUnder("a", 4);
  cache.Insert(better);
  EXPECT_TRUE(cache.IsSuperseded(*old));
  EXPECT_EQ(cache.Find("a", {}), better);
  cache.Clear();
  EXPECT_TRUE(cache.IsSuperseded(*better));
}

TEST(PlanCacheTest, NewStatisticsDropThePlansOfTheirTablesAlone) {
  PlanCache cache(100);
  const auto one = MakePlan("a", {"1"});
  one->table_ids = {1, 2};
  const auto other = MakePlan("a", {"2"});
  other->table_ids = {3};
  const auto third = MakePlan("b");
  third->table_ids = {2};
  for (const CachedPlanPtr& plan : {one, other, third}) cache.Insert(plan);
  cache.ClearTables({});
  EXPECT_EQ(cache.Find("b", {}), third);
  cache.ClearTables({2, 7});
  EXPECT_EQ(cache.Find("a", Literals("1")), nullptr);
  EXPECT_EQ(cache.Find("a", Literals("2")), other);
  EXPECT_EQ(cache.Find("b", {}), nullptr);
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_TRUE(one->superseded);
  EXPECT_TRUE(third->superseded);
  EXPECT_FALSE(other->superseded);
  cache.Insert(third);
  EXPECT_EQ(cache.Find("b", {}), third);
}

CachedPlanPtr Measurable(const std::string& key, uint64_t shape, uint64_t template_key) {
  auto cached = MakePlan(key);
  auto plan = std::make_shared<common::v1::Plan>();
  plan->set_shape_hash(shape);
  cached->plan = plan;
  cached->measurable = true;
  cached->template_key = template_key;
  return cached;
}

TEST(PlanCacheTest, WhatIsKnownOfAStatementOutlivesItsPlans) {
  PlanCache cache(100);
  const auto one = Measurable("a", 1, 7);
  one->table_ids = {5};
  cache.Insert(one);
  const auto known = one->measured.lock();
  ASSERT_NE(known, nullptr);
  for (int i = 0; i < 10; ++i) known->Finished(known->Choose(one, true, false), 5000, 1, false);
  cache.ClearTables({5});
  const auto two = Measurable("a", 2, 7);
  cache.Insert(two);
  ASSERT_EQ(two->measured.lock(), known);
  EXPECT_EQ(known->Choose(two, true, false).role, Course::Role::kProbation);
  EXPECT_EQ(known->Choose(two, true, false).fallback, one);
  EXPECT_EQ(MakePlan("b")->measured.lock(), nullptr);
}

TEST(PlanCacheTest, AChangedChoiceDropsThePlansOfItsStatementAlone) {
  PlanCache cache(100);
  const auto one = Measurable("a", 1, 7);
  const auto other = Measurable("b", 1, 8);
  cache.Insert(one);
  cache.Insert(other);
  google::protobuf::RepeatedPtrField<optimizer::v1::PlanChoice> choices;
  choices.Add()->set_template_key(7);
  choices[0].set_shape_hash(2);
  cache.SetChoices(1, choices);
  EXPECT_EQ(cache.Find("a", {}), nullptr);
  EXPECT_TRUE(one->superseded);
  EXPECT_EQ(cache.Find("b", {}), other);
  // The plan that comes by the choice is not judged against the one before.
  const auto chosen = Measurable("a", 2, 7);
  cache.Insert(chosen);
  EXPECT_EQ(chosen->measured.lock()->Choose(chosen, true, true).role, Course::Role::kCached);
  cache.SetChoices(2, choices);
  EXPECT_EQ(cache.Find("a", {}), chosen);
  cache.SetChoices(3, {});
  EXPECT_EQ(cache.Find("a", {}), nullptr);
}

}  // namespace
}  // namespace adbms::gateway::plan_cache
