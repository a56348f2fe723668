#include "services/security/authn/login_throttle.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace adbms::security::authn {
namespace {

class LoginThrottleTest : public testing::Test {
 protected:
  // One wrong guess as soon as it is let; how long it had to wait.
  absl::Duration Guess(const std::string& role, const std::string& host) {
    const auto wait = throttle_.Enter(role, host, now_);
    EXPECT_TRUE(wait.ok()) << wait.status();
    now_ += *wait;
    throttle_.Failed(role, host, now_);
    return *wait;
  }
  absl::Duration Wait(const std::string& role, const std::string& host) {
    return throttle_.Enter(role, host, now_).value_or(absl::InfiniteDuration());
  }
  LoginThrottle throttle_;
  absl::Time now_ = absl::FromUnixSeconds(1700000000);
};

TEST_F(LoginThrottleTest, GuessingSlowsDownToABound) {
  const absl::Time start = now_;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Guess("ann", "a"), absl::ZeroDuration());
  EXPECT_GT(Guess("ann", "a"), absl::ZeroDuration());
  for (int i = 0; i < 96; ++i) EXPECT_LE(Guess("ann", "a"), LoginThrottle::kLongestDelay);
  EXPECT_GT(now_ - start, absl::Minutes(6));  // A hundred guesses.
}

TEST_F(LoginThrottleTest, GuessesAtOnceQueueUpAndAreRefusedAtLast) {
  for (int i = 0; i < 30; ++i) Guess("ann", "a");
  int let_in = 0;
  for (int i = 0; i < 100; ++i) let_in += throttle_.Enter("ann", "a", now_).ok();
  EXPECT_GE(let_in, 1);
  EXPECT_LE(let_in, 4);
}

TEST_F(LoginThrottleTest, TheTrueUserElsewhereHardlyNotices) {
  throttle_.Succeeded("ann", "home", now_);
  for (int i = 0; i < 100; ++i) Guess("ann", absl::StrCat("bot", i % 30));
  EXPECT_EQ(Wait("ann", "home"), absl::ZeroDuration());
  EXPECT_LE(Wait("ann", "a new place"), absl::Seconds(1));
  EXPECT_EQ(Wait("bob", "a new place"), absl::ZeroDuration());
}

TEST_F(LoginThrottleTest, OtherRolesOfTheSameHostGoOn) {
  throttle_.Succeeded("app", "a", now_);
  for (int i = 0; i < 30; ++i) Guess(absl::StrCat("name", i), "a");
  EXPECT_GT(Wait("another", "a"), absl::ZeroDuration());
  EXPECT_EQ(Wait("app", "a"), absl::ZeroDuration());
  // A password of one's own does not make guessing others' quick.
  throttle_.Succeeded("mallory", "a", now_);
  EXPECT_GT(Wait("yet another", "a"), absl::ZeroDuration());
}

TEST_F(LoginThrottleTest, FailuresAreForgotten) {
  for (int i = 0; i < 5; ++i) Guess("ann", "a");
  now_ += absl::Minutes(3);
  EXPECT_EQ(Guess("ann", "a"), absl::ZeroDuration());
  EXPECT_EQ(Wait("ann", "a"), absl::ZeroDuration());
}

TEST_F(LoginThrottleTest, ALoginEndsTheDelayOfItsPair) {
  for (int i = 0; i < 5; ++i) Guess("ann", "a");
  throttle_.Succeeded("ann", "a", now_);
  EXPECT_EQ(Wait("ann", "a"), absl::ZeroDuration());
}

TEST(HostOfTest, PeersOfAllFronts) {
  EXPECT_EQ(HostOf("local"), "local");
  EXPECT_EQ(HostOf("127.0.0.1:5000"), "127.0.0.1");
  EXPECT_EQ(HostOf("ipv4:127.0.0.1:5000"), "127.0.0.1");
  EXPECT_EQ(HostOf("2001:db8:1:2:3:4:5:6:5000"), "2001:db8:1:2::/64");
  EXPECT_EQ(HostOf("ipv6:%5B2001:db8:1:2::9%5D:5000"), "2001:db8:1:2::/64");
}

}  // namespace
}  // namespace adbms::security::authn
