#include "services/storage/txn/notifications.h"

#include "common/status/sql_error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace adbms::storage::txn {
namespace {

using status::HasSqlState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Ear : public api::NotificationSink {
 public:
  void Receive(api::NotificationPtr notification) override {
    heard.push_back(notification->channel + ":" + notification->payload);
  }
  void Lost() override {}
  double Fullness() const override { return fullness; }

  std::vector<std::string> heard;
  double fullness = 0;
};

class NotificationsTest : public ::testing::Test {
 protected:
  NotificationsTest() { listener_.SetSink(ear_); }
  absl::Status Commit(PendingNotifications* pending, absl::Status outcome = absl::OkStatus()) {
    return bus_.Commit(pending, &listener_, [&] { return outcome; });
  }
  void Listen(const std::string& channel) {
    PendingNotifications pending;
    ASSERT_TRUE(pending.Listen(listener_, channel).ok());
    ASSERT_TRUE(Commit(&pending).ok());
  }

  NotificationBus bus_;
  std::shared_ptr<Ear> ear_ = std::make_shared<Ear>();
  Listener listener_{&bus_};
};

TEST_F(NotificationsTest, SendsInOrderAndOnceToThoseWhoListen) {
  Listen("a");
  PendingNotifications pending;
  for (const char* payload : {"1", "2", "1"}) ASSERT_TRUE(pending.Notify("a", payload, 7).ok());
  ASSERT_TRUE(pending.Notify("b", "1", 7).ok());
  EXPECT_THAT(ear_->heard, IsEmpty());
  ASSERT_TRUE(Commit(&pending).ok());
  EXPECT_THAT(ear_->heard, ElementsAre("a:1", "a:2"));
}

TEST_F(NotificationsTest, AFailedCommitDoesNothing) {
  Listen("a");
  PendingNotifications pending;
  ASSERT_TRUE(pending.Notify("a", "1", 7).ok());
  ASSERT_TRUE(pending.Unlisten("").ok());
  EXPECT_FALSE(Commit(&pending, absl::InternalError("no")).ok());
  EXPECT_THAT(ear_->heard, IsEmpty());
  EXPECT_THAT(listener_.channels(), ElementsAre("a"));
}

TEST_F(NotificationsTest, SavepointsTakeBack) {
  PendingNotifications pending;
  ASSERT_TRUE(pending.Listen(listener_, "a").ok());
  ASSERT_TRUE(pending.Notify("a", "1", 7).ok());
  const PendingNotifications::Mark mark = pending.Here();
  ASSERT_TRUE(pending.Notify("a", "2", 7).ok());
  ASSERT_TRUE(pending.Unlisten("").ok());
  pending.RollbackTo(mark);
  ASSERT_TRUE(pending.Notify("a", "3", 7).ok());
  ASSERT_TRUE(pending.Notify("a", "2", 7).ok());
  ASSERT_TRUE(Commit(&pending).ok());
  EXPECT_THAT(ear_->heard, ElementsAre("a:1", "a:3", "a:2"));
}

TEST_F(NotificationsTest, ChangesHappenInOrder) {
  Listen("a");
  PendingNotifications pending;
  ASSERT_TRUE(pending.Unlisten("").ok());
  ASSERT_TRUE(pending.Listen(listener_, "b").ok());
  ASSERT_TRUE(pending.Listen(listener_, "c").ok());
  ASSERT_TRUE(pending.Unlisten("c").ok());
  ASSERT_TRUE(Commit(&pending).ok());
  EXPECT_THAT(listener_.channels(), ElementsAre("b"));
}

TEST_F(NotificationsTest, WhoIsGoneHearsNothing) {
  auto ear = std::make_shared<Ear>();
  {
    Listener gone(&bus_);
    gone.SetSink(ear);
    PendingNotifications pending;
    ASSERT_TRUE(pending.Listen(gone, "a").ok());
    ASSERT_TRUE(bus_.Commit(&pending, &gone, [] { return absl::OkStatus(); }).ok());
  }
  PendingNotifications pending;
  ASSERT_TRUE(pending.Notify("a", "1", 7).ok());
  ASSERT_TRUE(Commit(&pending).ok());
  EXPECT_THAT(ear->heard, IsEmpty());
}

TEST_F(NotificationsTest, NamesAndPayloadsHaveLimits) {
  PendingNotifications pending;
  EXPECT_TRUE(pending.Notify(std::string(63, 'c'), std::string(7999, 'p'), 7).ok());
  EXPECT_EQ(status::FromStatus(pending.Notify("", "", 7)).message, "channel name cannot be empty");
  EXPECT_EQ(status::FromStatus(pending.Notify(std::string(64, 'c'), "", 7)).message,
            "channel name too long");
  EXPECT_EQ(status::FromStatus(pending.Notify("c", std::string(8000, 'p'), 7)).message,
            "payload string too long");
  EXPECT_TRUE(HasSqlState(pending.Listen(listener_, ""), status::sqlstate::kInvalidParameterValue));
}

TEST_F(NotificationsTest, OneTransactionHasBounds) {
  PendingNotifications pending;
  absl::Status status;
  for (int i = 0; i < 100000 && status.ok(); ++i)
    status = pending.Notify("c", std::string(7900, 'p') + std::to_string(i), 7);
  EXPECT_TRUE(HasSqlState(status, status::sqlstate::kProgramLimitExceeded));
  status = absl::OkStatus();
  for (int i = 0; i < 100000 && status.ok(); ++i)
    status = pending.Listen(listener_, "c" + std::to_string(i));
  EXPECT_TRUE(HasSqlState(status, status::sqlstate::kProgramLimitExceeded));
}

TEST_F(NotificationsTest, UsageIsThatOfTheFullest) {
  EXPECT_EQ(bus_.Usage(), 0);
  Listen("a");
  ear_->fullness = 0.25;
  EXPECT_EQ(bus_.Usage(), 0.25);
}

}  // namespace
}  // namespace adbms::storage::txn
