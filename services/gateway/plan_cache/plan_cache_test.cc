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

}  // namespace
}  // namespace adbms::gateway::plan_cache
