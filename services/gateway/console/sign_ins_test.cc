#include "services/gateway/console/sign_ins.h"

#include <gtest/gtest.h>

namespace adbms::gateway::console {
namespace {

class SignInsTest : public ::testing::Test {
 protected:
  std::string Add(const std::string& role, absl::Time now) {
    auto token =
        sign_ins_.Add(std::make_shared<SignIn>(role, "127.0.0.1:1", nullptr, now), now, &ended_);
    return token.ok() ? *token : "";
  }

  const absl::Time start_ = absl::FromUnixSeconds(1000);
  SignIns sign_ins_{
      {.total = 3, .of_role = 2, .idle = absl::Minutes(30), .lifetime = absl::Hours(2)}};
  SignIns::Ended ended_;
};

TEST_F(SignInsTest, IsFoundByItsTokenAlone) {
  const std::string token = Add("a", start_);
  EXPECT_EQ(token.size(), 64u);
  ASSERT_NE(sign_ins_.Find(token, true, start_), nullptr);
  EXPECT_EQ(sign_ins_.Find(std::string(64, '0'), true, start_), nullptr);
  EXPECT_EQ(sign_ins_.Find("", true, start_), nullptr);
  ASSERT_NE(sign_ins_.Remove(token), nullptr);
  EXPECT_EQ(sign_ins_.Find(token, true, start_), nullptr);
  EXPECT_EQ(sign_ins_.Remove(token), nullptr);
}

TEST_F(SignInsTest, EndsWhenItIsNotUsed) {
  const std::string token = Add("a", start_);
  EXPECT_NE(sign_ins_.Find(token, true, start_ + absl::Minutes(29)), nullptr);
  EXPECT_NE(sign_ins_.Find(token, false, start_ + absl::Minutes(58)), nullptr);
  EXPECT_EQ(sign_ins_.Find(token, true, start_ + absl::Minutes(60)), nullptr);
  EXPECT_EQ(sign_ins_.TakeExpired(start_ + absl::Minutes(60), false).sign_ins.size(), 1u);
}

TEST_F(SignInsTest, EndsHoweverItIsUsed) {
  const std::string token = Add("a", start_);
  for (int minutes = 20; minutes <= 120; minutes += 20)
    EXPECT_NE(sign_ins_.Find(token, true, start_ + absl::Minutes(minutes)), nullptr);
  EXPECT_EQ(sign_ins_.Find(token, true, start_ + absl::Minutes(121)), nullptr);
}

TEST_F(SignInsTest, ARolesOldestMakesRoomForItsNext) {
  const std::string first = Add("a", start_);
  const std::string second = Add("a", start_);
  EXPECT_NE(sign_ins_.Find(first, true, start_ + absl::Minutes(1)), nullptr);
  const std::string third = Add("a", start_ + absl::Minutes(2));
  ASSERT_EQ(ended_.sign_ins.size(), 1u);
  EXPECT_EQ(sign_ins_.Find(second, true, start_ + absl::Minutes(2)), nullptr);
  EXPECT_NE(sign_ins_.Find(first, true, start_ + absl::Minutes(2)), nullptr);
}

TEST_F(SignInsTest, AreBounded) {
  Add("a", start_);
  Add("b", start_);
  const std::string last = Add("c", start_);
  EXPECT_EQ(Add("d", start_), "");
  sign_ins_.Remove(last);
  EXPECT_NE(Add("d", start_), "");
}

}  // namespace
}  // namespace adbms::gateway::console
