#include "services/gateway/grpc/outcomes.h"

#include <gtest/gtest.h>

#include <thread>

#include "common/status/sql_error.h"

namespace adbms::gateway::grpc_front {
namespace {

class OutcomesTest : public testing::Test {
 protected:
  OutcomesTest() : outcomes_("here", {absl::Minutes(10), 10'000, 1'000}, [this] { return now_; }) {}

  absl::StatusOr<Outcomes::Found> Find(const std::string& key, uint64_t fingerprint = 1,
                                       const std::string& instance = "", uint64_t age_ms = 0,
                                       const std::string& owner = "me") {
    v1::Idempotency idempotency;
    idempotency.set_key(key);
    idempotency.set_instance(instance);
    idempotency.set_age_ms(age_ms);
    return outcomes_.Find(idempotency, owner, fingerprint, [] { return false; });
  }
  std::string State(const absl::StatusOr<Outcomes::Found>& found) {
    return found.ok() ? "" : status::FromStatus(found.status()).sqlstate;
  }
  void RunOnce(const std::string& key, const std::string& answer) {
    auto found = Find(key);
    ASSERT_TRUE(found.ok() && found->claim != nullptr) << key;
    found->claim->Add(answer);
    found->claim->Finish(absl::OkStatus(), "", v1::TRANSACTION_STATUS_IDLE, true);
  }

  absl::Time now_ = absl::UnixEpoch();
  Outcomes outcomes_;
};

TEST_F(OutcomesTest, TheFirstOutcomeIsReturned) {
  RunOnce("a", "answer");
  const auto again = Find("a");
  ASSERT_TRUE(again.ok());
  ASSERT_NE(again->outcome, nullptr);
  EXPECT_EQ(again->outcome->messages, std::vector<std::string>{"answer"});
  EXPECT_NE(Find("b")->claim, nullptr);
  // Another's key is another key.
  EXPECT_NE(Find("a", 1, "", 0, "you")->claim, nullptr);
}

TEST_F(OutcomesTest, AKeyIsForOneCall) {
  RunOnce("a", "answer");
  EXPECT_EQ(State(Find("a", 2)), "22023");
  EXPECT_EQ(State(Find("")), "22023");
  EXPECT_EQ(State(Find(std::string(201, 'k'))), "22023");
}

TEST_F(OutcomesTest, WhatLeftNothingRunsAgain) {
  Find("a")->claim->Finish(absl::InternalError("x"), "", v1::TRANSACTION_STATUS_IDLE, false);
  EXPECT_NE(Find("a")->claim, nullptr);
  { const auto given_up = Find("b"); }
  EXPECT_NE(Find("b")->claim, nullptr);
}

TEST_F(OutcomesTest, ASecondCallWaitsForTheFirst) {
  auto first = Find("a");
  std::thread second([this] {
    const auto found = Find("a");
    ASSERT_TRUE(found.ok());
    ASSERT_NE(found->outcome, nullptr);
    EXPECT_EQ(found->outcome->messages, std::vector<std::string>{"late"});
  });
  first->claim->Add("late");
  first->claim->Finish(absl::OkStatus(), "", v1::TRANSACTION_STATUS_IDLE, true);
  second.join();
  auto running = Find("c");
  v1::Idempotency idempotency;
  idempotency.set_key("c");
  EXPECT_TRUE(
      absl::IsCancelled(outcomes_.Find(idempotency, "me", 1, [] { return true; }).status()));
}

TEST_F(OutcomesTest, WhatIsForgottenIsNotRunForTheSecondTime) {
  RunOnce("a", "answer");
  now_ += absl::Minutes(11);
  EXPECT_EQ(State(Find("a", 1, "", 12 * 60'000)), "40003");
  // A key that says that it is new is one.
  EXPECT_NE(Find("new", 1, "", 60'000)->claim, nullptr);
  EXPECT_NE(Find("a")->claim, nullptr);
}

TEST_F(OutcomesTest, MemoryIsBounded) {
  for (int i = 0; i < 100; ++i) {
    now_ += absl::Seconds(1);
    RunOnce(std::to_string(i), std::string(500, 'x'));
  }
  EXPECT_NE(Find("99")->outcome, nullptr);
  EXPECT_EQ(State(Find("0", 1, "", 100'000)), "40003");
}

TEST_F(OutcomesTest, LongAnswersAreNotKept) {
  auto found = Find("a");
  found->claim->Add(std::string(600, 'x'));
  found->claim->Add(std::string(600, 'x'));
  found->claim->Finish(absl::OkStatus(), "", v1::TRANSACTION_STATUS_IDLE, true);
  const auto again = Find("a");
  EXPECT_TRUE(again->outcome->cut);
  EXPECT_TRUE(again->outcome->messages.empty());
}

TEST_F(OutcomesTest, AnotherGatewayDoesNotKnow) {
  EXPECT_EQ(State(Find("a", 1, "elsewhere")), "40003");
  EXPECT_NE(Find("a", 1, "here")->claim, nullptr);
}

}  // namespace
}  // namespace adbms::gateway::grpc_front
