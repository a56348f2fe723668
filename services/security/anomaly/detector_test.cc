#include "services/security/anomaly/detector.h"

#include <gtest/gtest.h>

namespace adbms::security::anomaly {
namespace {

constexpr int64_t kMinuteUs = 60'000'000;

security::v1::AuditRecord Record(const std::string& event, int64_t at_us, uint64_t rows = 0) {
  security::v1::AuditRecord record;
  record.set_event(event);
  record.set_user("ann");
  record.set_at_us(at_us);
  record.set_rows(rows);
  return record;
}

TEST(DetectorTest, FailedLoginsWithinAMinute) {
  Detector detector({.failed_logins = 3});
  EXPECT_TRUE(detector.Observe(Record("login_failed", 0)).empty());
  EXPECT_TRUE(detector.Observe(Record("login_failed", kMinuteUs * 2)).empty());
  EXPECT_TRUE(detector.Observe(Record("login_failed", kMinuteUs * 2 + 1)).empty());
  const auto events = detector.Observe(Record("login_failed", kMinuteUs * 2 + 2));
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].kind, "failed_logins");
  EXPECT_TRUE(detector.IsFlagged("ann", kMinuteUs * 3));
  EXPECT_FALSE(detector.IsFlagged("ann", kMinuteUs * 30));
  EXPECT_FALSE(detector.IsFlagged("bob", kMinuteUs * 3));
}

TEST(DetectorTest, ManyNamesFromOneHost) {
  Detector detector({.sprayed_roles = 10});
  const auto fail = [&detector](int name, const std::string& peer, int64_t at_us) {
    security::v1::AuditRecord record = Record("login_failed", at_us);
    record.set_user("name" + std::to_string(name));
    record.set_peer(peer);
    return detector.Observe(record);
  };
  std::vector<Event> events;
  for (int i = 0; i < 60; ++i) {
    for (const Event& event : fail(i, "10.0.0.1:" + std::to_string(5000 + i), i)) {
      events.push_back(event);
    }
    // As many from as many hosts are no one's spraying.
    EXPECT_TRUE(fail(i, "10.0.1." + std::to_string(i) + ":5000", i).empty());
  }
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].kind, "password_spraying");
  EXPECT_NE(events[0].detail.find("10.0.0.1"), std::string::npos) << events[0].detail;
  // Slowly enough it is no event; nobody is flagged for what a host did.
  for (int i = 0; i < 60; ++i) {
    EXPECT_TRUE(fail(i, "10.0.0.2:5000", kMinuteUs + i * kMinuteUs / 8).empty());
  }
  EXPECT_FALSE(detector.IsFlagged("", kMinuteUs));
}

TEST(DetectorTest, ReadingFarBeyondItsOwnHistory) {
  Detector detector({});
  for (int minute = 0; minute < 20; ++minute) {
    EXPECT_TRUE(detector.Observe(Record("read", minute * kMinuteUs, 1000 + minute * 10)).empty());
  }
  EXPECT_TRUE(detector.Observe(Record("read", 20 * kMinuteUs, 3000)).empty());
  const auto events = detector.Observe(Record("read", 21 * kMinuteUs, 2'000'000));
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].kind, "row_volume");
  // One event a minute, and the unusual minute is not learned from.
  EXPECT_TRUE(detector.Observe(Record("read", 21 * kMinuteUs + 1, 2'000'000)).empty());
  EXPECT_EQ(detector.Observe(Record("read", 22 * kMinuteUs, 2'000'000)).size(), 1u);
}

TEST(DetectorTest, ManySmallReadsAreOneLargeOne) {
  Detector detector({});
  for (int minute = 0; minute < 10; ++minute) {
    EXPECT_TRUE(detector.Observe(Record("read", minute * kMinuteUs, 999)).empty());
    EXPECT_TRUE(detector.Observe(Record("statement", minute * kMinuteUs, 5'000'000)).empty());
  }
  size_t events = 0;
  for (int i = 0; i < 1000; ++i) {
    events += detector.Observe(Record("read", 10 * kMinuteUs + i, 999)).size();
  }
  EXPECT_EQ(events, 1u);
}

TEST(DetectorTest, ARoleWithoutHistoryOrThatAlwaysReadsMuchIsNotReported) {
  Detector detector({});
  for (int minute = 0; minute < 20; ++minute) {
    EXPECT_TRUE(detector.Observe(Record("read", minute * kMinuteUs, 1'000'000)).empty());
  }
}

}  // namespace
}  // namespace adbms::security::anomaly
