#include "services/gateway/pgwire/error_counters.h"

#include <gtest/gtest.h>

#include "common/status/sql_error.h"

namespace adbms::gateway::pgwire {
namespace {

class ErrorCountersTest : public testing::Test {
 protected:
  std::string Exposed() const { return telemetry::Expose(registry_); }
  bool Has(const std::string& sqlstate_class, int value) const {
    const std::string line = "adbms_errors_total{service=\"gateway\",sqlstate_class=\"" +
                             sqlstate_class + "\"} " + std::to_string(value) + "\n";
    return Exposed().find(line) != std::string::npos;
  }
  prometheus::Registry registry_;
  telemetry::ServiceMetrics metrics_{"gateway", &registry_};
  ErrorCounters errors_{&metrics_};
};

TEST_F(ErrorCountersTest, EveryClassIsThereBeforeAnyError) {
  EXPECT_TRUE(Has("53", 0)) << Exposed();
  EXPECT_TRUE(Has("XX", 0));
  EXPECT_TRUE(Has("other", 0));
}

TEST_F(ErrorCountersTest, AnErrorCountsInItsClassAlone) {
  errors_.Count(status::Error(status::sqlstate::kDiskFull, "no space"));
  errors_.Count(status::Error(status::sqlstate::kTooManyConnections, "too many"));
  errors_.Count(status::Error(status::sqlstate::kSyntaxError, "syntax"));
  EXPECT_TRUE(Has("53", 2)) << Exposed();
  EXPECT_TRUE(Has("42", 1));
  EXPECT_TRUE(Has("XX", 0));
}

TEST_F(ErrorCountersTest, AServiceOutOfReachIsAConnectionFailure) {
  errors_.Count(absl::UnavailableError("storage is away"));
  EXPECT_TRUE(Has("08", 1)) << Exposed();
}

TEST_F(ErrorCountersTest, WhatAUserMadeUpIsBounded) {
  errors_.Count(status::Error("Z1234", "raised"));
  errors_.Count(status::Error("Z", "raised"));
  errors_.Count(status::Error("Y9999", "raised"));
  EXPECT_TRUE(Has("other", 3)) << Exposed();
}

}  // namespace
}  // namespace adbms::gateway::pgwire
