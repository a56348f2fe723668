#include "services/gateway/pgwire/connection_slots.h"

#include <gtest/gtest.h>

#include "common/status/sql_error.h"

namespace adbms::gateway::pgwire {
namespace {

class ConnectionSlotsTest : public testing::Test {
 protected:
  uint64_t Enter(const std::string& host, bool vouched = false) {
    return slots_.Enter(host, vouched, &dropped_);
  }
  ConnectionSlots slots_{{.sessions = 5, .reserved_for_superusers = 2, .unauthenticated = 3}};
  std::optional<uint64_t> dropped_;
};

TEST_F(ConnectionSlotsTest, TheOldestOfWhoeverHoldsMostIsDropped) {
  const uint64_t quiet = Enter("a");
  const uint64_t first = Enter("b");
  Enter("b");
  EXPECT_FALSE(dropped_.has_value());
  Enter("b");
  EXPECT_EQ(dropped_, first);
  // What was dropped can no longer log in; who waited longer but holds one place only can.
  EXPECT_TRUE(absl::IsUnavailable(slots_.Admit(first, true)));
  EXPECT_TRUE(slots_.Admit(quiet, false).ok());
  Enter("c");  // Its place is free again.
  EXPECT_FALSE(dropped_.has_value());
}

TEST_F(ConnectionSlotsTest, VouchedForPeersHavePlacesOfTheirOwn) {
  for (int i = 0; i < 10; ++i) Enter("b");
  const uint64_t local = Enter("local", true);
  EXPECT_FALSE(dropped_.has_value());
  for (int i = 0; i < 10; ++i) Enter("b");
  EXPECT_TRUE(slots_.Admit(local, true).ok());
}

TEST_F(ConnectionSlotsTest, SuperusersHaveTheLastPlaces) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(slots_.Admit(Enter("a"), false).ok());
  const uint64_t one_more = Enter("a");
  EXPECT_TRUE(
      status::HasSqlState(slots_.Admit(one_more, false), status::sqlstate::kTooManyConnections));
  slots_.Leave(one_more);
  const uint64_t superuser = Enter("a");
  EXPECT_TRUE(slots_.Admit(superuser, true).ok());
  EXPECT_TRUE(slots_.Admit(Enter("a"), true).ok());
  EXPECT_TRUE(
      status::HasSqlState(slots_.Admit(Enter("a"), true), status::sqlstate::kTooManyConnections));
  EXPECT_EQ(slots_.sessions(), 5u);
  slots_.Leave(superuser);
  EXPECT_EQ(slots_.sessions(), 4u);
}

TEST(ConnectionSlotsLimits, OnePlaceAtLeastIsForOthers) {
  ConnectionSlots slots({.sessions = 2, .reserved_for_superusers = 9, .unauthenticated = 3});
  std::optional<uint64_t> dropped;
  EXPECT_TRUE(slots.Admit(slots.Enter("a", false, &dropped), false).ok());
  EXPECT_FALSE(slots.Admit(slots.Enter("a", false, &dropped), false).ok());
}

}  // namespace
}  // namespace adbms::gateway::pgwire
