// Figures of the last hour, for the overview: what the gateway's metrics have counted, every two
// seconds. Thread-safe.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/gateway/session/services.h"

namespace adbms::gateway::console {

// Counted since the start.
struct Counted {
  double statements = 0;  // Succeeded.
  double failed = 0;
  double rows = 0;
  // Plans made without prediction, in all and by what forbade it.
  double default_plans = 0;
  double multi_statement = 0;
  double schema_changed = 0;
  double out_of_reach = 0;
  // Of the latency: how many took at most so many seconds, cumulative; the last bound is infinite.
  std::vector<double> bounds;
  std::vector<double> counts;
};

// What `metrics` have counted.
Counted CountedBy(const session::StatementMetrics& metrics);
// The time in seconds that a fraction of the statements between two readings took at most, between
// two bounds in proportion; 0 without statements.
double Quantile(const Counted& before, const Counted& after, double fraction);

class History {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(2);

  // A reading; the first is what later ones are compared with.
  void Add(absl::Time now, const Counted& counted, size_t sessions);
  // {"intervalMs":2000,"columns":["at",…],"points":[[…],…],"totals":{…}} of the points after
  // `since`, and of what was counted in all. at: Unix
  // milliseconds; statements, failed and rows: a second; p50, p95 and p99: milliseconds, null
  // without statements; sessions.
  std::string Json(absl::Time since, const Counted& totals) const;

 private:
  struct Point {
    absl::Time at;
    double statements = 0;
    double failed = 0;
    double rows = 0;
    double p50 = 0;
    double p95 = 0;
    double p99 = 0;
    bool any = false;  // There were statements.
    size_t sessions = 0;
  };

  mutable absl::Mutex mutex_;
  bool begun_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time last_at_ ABSL_GUARDED_BY(mutex_);
  Counted last_ ABSL_GUARDED_BY(mutex_);
  std::deque<Point> points_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::gateway::console
