#include "services/gateway/policy/policy_cache.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::policy {
namespace {

PolicyPtr Policy(uint64_t identity, bool superuser = false) {
  auto policy = std::make_shared<security::v1::Policy>();
  policy->set_role("clerk");
  policy->set_identity(identity);
  policy->set_superuser(superuser);
  return policy;
}

absl::Time Later() { return absl::Now() + absl::Minutes(1); }

TEST(HeldPolicy, TakesWhatTheRoleMayNow) {
  HeldPolicy held(Policy(7), Later());
  EXPECT_TRUE(held.Renew(Policy(7, /*superuser=*/true), Later()));
  ASSERT_TRUE(held.Get().ok());
  EXPECT_TRUE((*held.Get())->superuser());
}

TEST(HeldPolicy, ARoleMadeAnewUnderTheNameIsAnother) {
  HeldPolicy held(Policy(7), Later());
  EXPECT_FALSE(held.Renew(Policy(8, /*superuser=*/true), Later()));
  EXPECT_TRUE(status::HasSqlState(held.Get().status(), status::sqlstate::kInvalidAuthorization));
  // Nor does the first one come back.
  EXPECT_FALSE(held.Renew(Policy(7), Later()));
}

TEST(HeldPolicy, WhatIsGoneStaysGone) {
  HeldPolicy held(Policy(7), Later());
  held.End();
  EXPECT_FALSE(held.Renew(Policy(7), Later()));
  EXPECT_FALSE(held.Get().ok());
}

TEST(HeldPolicy, ServesUntilItsLeaseEnds) {
  HeldPolicy held(Policy(7), absl::Now() - absl::Seconds(1));
  EXPECT_TRUE(status::HasSqlState(held.Get().status(), status::sqlstate::kCannotConnectNow));
  EXPECT_TRUE(held.Renew(Policy(7), Later()));
  EXPECT_TRUE(held.Get().ok());
}

}  // namespace
}  // namespace adbms::gateway::policy
