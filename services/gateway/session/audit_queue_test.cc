#include "services/gateway/session/audit_queue.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace adbms::gateway::session {
namespace {

// Security as far as it takes audit records; the rest nobody calls here.
class Records : public security::api::Security {
 public:
  template <typename Response>
  static absl::StatusOr<Response> None() {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<security::v1::StartScramResponse> StartScram(
      const rpc::CallContext&, const security::v1::StartScramRequest&) override {
    return None<security::v1::StartScramResponse>();
  }
  absl::StatusOr<security::v1::FinishScramResponse> FinishScram(
      const rpc::CallContext&, const security::v1::FinishScramRequest&) override {
    return None<security::v1::FinishScramResponse>();
  }
  absl::StatusOr<security::v1::AuthenticateResponse> Authenticate(
      const rpc::CallContext&, const security::v1::AuthenticateRequest&) override {
    return None<security::v1::AuthenticateResponse>();
  }
  absl::StatusOr<security::v1::GetPolicyResponse> GetPolicy(
      const rpc::CallContext&, const security::v1::GetPolicyRequest&) override {
    return None<security::v1::GetPolicyResponse>();
  }
  absl::StatusOr<security::v1::ChangeRolesResponse> ChangeRoles(
      const rpc::CallContext&, const security::v1::ChangeRolesRequest&) override {
    return None<security::v1::ChangeRolesResponse>();
  }
  absl::StatusOr<security::v1::ReportAuditResponse> ReportAudit(
      const rpc::CallContext&, const security::v1::ReportAuditRequest& request) override {
    absl::MutexLock lock(&mutex_);
    ++calls_;
    mutex_.Await(absl::Condition(
        +[](bool* silent) { return !*silent; }, &silent_));
    if (away_) return absl::UnavailableError("away");
    for (const auto& record : request.records()) taken_.push_back(record);
    return security::v1::ReportAuditResponse();
  }
  void SetAway(bool away) {
    absl::MutexLock lock(&mutex_);
    away_ = away;
  }
  // Whether it takes its time for ever.
  void SetSilent(bool silent) {
    absl::MutexLock lock(&mutex_);
    silent_ = silent;
  }
  std::vector<security::v1::AuditRecord> Taken() {
    absl::MutexLock lock(&mutex_);
    return Of(/*reads=*/false);
  }
  // Waits until so many have come; those of reading apart.
  std::vector<security::v1::AuditRecord> Await(size_t count, bool reads = false) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return Of(reads).size() >= count;
    };
    mutex_.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(20));
    return Of(reads);
  }
  void AwaitCalls(int more) {
    absl::MutexLock lock(&mutex_);
    const int wanted = calls_ + more;
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return calls_ >= wanted; };
    mutex_.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(20));
  }

 private:
  std::vector<security::v1::AuditRecord> Of(bool reads) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::vector<security::v1::AuditRecord> found;
    for (const auto& record : taken_) {
      if ((record.event() == "read") == reads) found.push_back(record);
    }
    return found;
  }
  absl::Mutex mutex_;
  bool away_ ABSL_GUARDED_BY(mutex_) = false;
  bool silent_ ABSL_GUARDED_BY(mutex_) = false;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<security::v1::AuditRecord> taken_ ABSL_GUARDED_BY(mutex_);
};

class AuditQueueTest : public testing::Test {
 protected:
  AuditQueueTest() {
    options_.spool_path = testing::TempDir() + "/audit_spool_" +
                          testing::UnitTest::GetInstance()->current_test_info()->name();
    options_.reads_interval = absl::Milliseconds(50);
    std::filesystem::remove(options_.spool_path);
  }
  static void Add(AuditQueue* queue, int from, int to) {
    for (int i = from; i < to; ++i) {
      security::v1::AuditRecord record;
      record.set_event("statement");
      record.set_statement(absl::StrCat(i));
      queue->Add(std::move(record));
    }
  }
  static void ExpectOrder(const std::vector<security::v1::AuditRecord>& records, int count) {
    ASSERT_EQ(records.size(), static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) EXPECT_EQ(records[i].statement(), absl::StrCat(i));
  }
  Records security_;
  AuditQueueOptions options_;
};

TEST_F(AuditQueueTest, WhatComesWhileSecurityIsAwayIsDeliveredLaterInOrder) {
  AuditQueue queue(&security_, options_);
  Add(&queue, 0, 10);
  security_.Await(10);
  security_.SetAway(true);
  Add(&queue, 10, 60);
  security_.AwaitCalls(1);
  Add(&queue, 60, 110);
  security_.AwaitCalls(1);
  security_.SetAway(false);
  Add(&queue, 110, 120);
  ExpectOrder(security_.Await(120), 120);
  EXPECT_EQ(queue.dropped(), 0u);
}

security::v1::AuditRecord RoleChange(int number) {
  security::v1::AuditRecord record;
  record.set_event("role");
  record.set_statement(absl::StrCat(number));
  return record;
}

TEST_F(AuditQueueTest, WhatIsSettledIsWithSecurityOrInTheFile) {
  AuditQueue queue(&security_, options_);
  for (int i = 0; i < 20; ++i) {
    queue.AddAndSettle(RoleChange(i));
    EXPECT_EQ(security_.Taken().size(), static_cast<size_t>(i + 1));
  }
  security_.SetAway(true);
  for (int i = 20; i < 30; ++i) {
    queue.AddAndSettle(RoleChange(i));
    EXPECT_EQ(queue.spooled(), static_cast<uint64_t>(i - 19));
  }
  security_.SetAway(false);
  ExpectOrder(security_.Await(30), 30);
}

TEST_F(AuditQueueTest, SecurityThatDoesNotAnswerIsNotWaitedForLong) {
  AuditQueue queue(&security_, options_);
  security_.SetSilent(true);
  const absl::Time start = absl::Now();
  queue.AddAndSettle(RoleChange(0));
  EXPECT_LT(absl::Now() - start, absl::Seconds(4));
  security_.SetSilent(false);
  ExpectOrder(security_.Await(1), 1);
}

TEST_F(AuditQueueTest, TheFileOutlivesTheProcess) {
  security_.SetAway(true);
  {
    AuditQueue queue(&security_, options_);
    Add(&queue, 0, 100);
  }
  security_.SetAway(false);
  {
    AuditQueue queue(&security_, options_);
    Add(&queue, 100, 105);
    ExpectOrder(security_.Await(105), 105);
  }
  AuditQueue queue(&security_, options_);
  Add(&queue, 105, 106);
  ExpectOrder(security_.Await(106), 106);  // Nothing comes twice.
}

TEST_F(AuditQueueTest, BeyondTheBoundTheMarkerTellsTheExactNumber) {
  options_.spool_bytes = 1000;
  security_.SetAway(true);
  {
    AuditQueue queue(&security_, options_);
    Add(&queue, 0, 500);
  }
  AuditQueue queue(&security_, options_);
  security_.AwaitCalls(1);
  security_.SetAway(false);
  std::vector<security::v1::AuditRecord> records;
  uint64_t told = 0;
  for (size_t wanted = 2; told == 0 && wanted < 502; wanted = records.size() + 1) {
    records = security_.Await(wanted);
    if (records.back().event() == "dropped") told = records.back().rows();
  }
  EXPECT_GT(told, 0u);
  EXPECT_EQ(records.size() - 1 + told, 500u);
  Add(&queue, 500, 501);
  records = security_.Await(records.size() + 1);
  EXPECT_EQ(records.back().statement(), "500");
}

TEST_F(AuditQueueTest, AnUnfinishedWriteOfTheFileIsCut) {
  security_.SetAway(true);
  {
    AuditQueue queue(&security_, options_);
    Add(&queue, 0, 5);
  }
  std::ofstream(options_.spool_path, std::ios::app) << "\x40\0\0\0torn";
  security_.SetAway(false);
  AuditQueue queue(&security_, options_);
  ExpectOrder(security_.Await(5), 5);
}

TEST_F(AuditQueueTest, EveryRowReadIsCounted) {
  AuditQueue queue(&security_, options_);
  uint64_t seen = 0;
  {
    const auto one = queue.CountReads("ann");
    const auto other = queue.CountReads("ann");
    for (int i = 0; i < 1000; ++i) (i % 2 == 0 ? one : other)->Add(999);
  }
  for (size_t count = 1; seen < 999000; ++count) {
    const auto reads = security_.Await(count, /*reads=*/true);
    ASSERT_GE(reads.size(), count);
    seen = 0;
    for (const auto& read : reads) {
      EXPECT_EQ(read.user(), "ann");
      seen += read.rows();
    }
  }
  EXPECT_EQ(seen, 999000u);
}

TEST_F(AuditQueueTest, RowsReadWhileSecurityIsAwayAreCountedLater) {
  security_.SetAway(true);
  AuditQueue queue(&security_, options_);
  queue.CountReads("ann")->Add(7);
  security_.AwaitCalls(2);
  queue.CountReads("ann")->Add(8);
  security_.SetAway(false);
  uint64_t seen = 0;
  for (size_t count = 1; seen < 15; ++count) {
    const auto reads = security_.Await(count, /*reads=*/true);
    ASSERT_GE(reads.size(), count);
    seen = 0;
    for (const auto& read : reads) seen += read.rows();
  }
  EXPECT_EQ(seen, 15u);
}

}  // namespace
}  // namespace adbms::gateway::session
