// Counts the errors that clients are told, by class of SQLSTATE (PostgreSQL manual, appendix A):
// adbms_errors_total. Of classes 08, 53, 57, 58 and XX the system is the cause; of others the
// statement or another client. Thread-safe.
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "common/telemetry/metrics.h"

namespace adbms::gateway::pgwire {

class ErrorCounters {
 public:
  // Every class is there from the beginning, at 0. `metrics` must outlive this.
  explicit ErrorCounters(telemetry::ServiceMetrics* metrics);

  // A class that is in no list counts as "other": RAISE takes any SQLSTATE. REQUIRES: !status.ok().
  void Count(const absl::Status& status);

 private:
  std::map<std::string, prometheus::Counter*> by_class_;  // The registry owns the counters.
};

}  // namespace adbms::gateway::pgwire
