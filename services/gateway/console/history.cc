#include "services/gateway/console/history.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace adbms::gateway::console {
namespace {

constexpr size_t kMostPoints = 1800;

}  // namespace

Counted CountedBy(const session::StatementMetrics& metrics) {
  Counted counted;
  counted.statements = metrics.succeeded.Value();
  counted.failed = metrics.failed.Value();
  counted.rows = metrics.rows.Value();
  counted.default_plans = metrics.default_plans.Value();
  counted.multi_statement = metrics.restricted_multi_statement.Value();
  counted.schema_changed = metrics.restricted_schema_changed.Value();
  counted.out_of_reach = metrics.restricted_out_of_reach.Value();
  const prometheus::ClientMetric latency = metrics.latency.Collect();
  for (const auto& bucket : latency.histogram.bucket) {
    counted.bounds.push_back(bucket.upper_bound);
    counted.counts.push_back(static_cast<double>(bucket.cumulative_count));
  }
  return counted;
}

double Quantile(const Counted& before, const Counted& after, double fraction) {
  const auto count = [&](size_t i) {
    return after.counts[i] - (i < before.counts.size() ? before.counts[i] : 0);
  };
  if (after.counts.empty()) return 0;
  const double total = count(after.counts.size() - 1);
  if (total <= 0) return 0;
  const double wanted = total * fraction;
  double lower_bound = 0;
  double lower_count = 0;
  for (size_t i = 0; i < after.counts.size(); ++i) {
    const double here = count(i);
    if (here >= wanted) {
      if (std::isinf(after.bounds[i])) return lower_bound;
      const double share = here > lower_count ? (wanted - lower_count) / (here - lower_count) : 1;
      return lower_bound + (after.bounds[i] - lower_bound) * share;
    }
    lower_bound = after.bounds[i];
    lower_count = here;
  }
  return lower_bound;
}

void History::Add(absl::Time now, const Counted& counted, size_t sessions) {
  absl::MutexLock lock(&mutex_);
  const double seconds = absl::ToDoubleSeconds(now - last_at_);
  if (begun_ && seconds > 0) {
    Point point;
    point.at = now;
    point.statements = (counted.statements - last_.statements) / seconds;
    point.failed = (counted.failed - last_.failed) / seconds;
    point.rows = (counted.rows - last_.rows) / seconds;
    point.any = !counted.counts.empty() && !last_.counts.empty() &&
                counted.counts.back() > last_.counts.back();
    point.p50 = Quantile(last_, counted, 0.5) * 1000;
    point.p95 = Quantile(last_, counted, 0.95) * 1000;
    point.p99 = Quantile(last_, counted, 0.99) * 1000;
    point.sessions = sessions;
    points_.push_back(point);
    if (points_.size() > kMostPoints) points_.pop_front();
  }
  begun_ = true;
  last_at_ = now;
  last_ = counted;
}

std::string History::Json(absl::Time since, const Counted& totals) const {
  std::string json =
      absl::StrCat("{\"intervalMs\":", absl::ToInt64Milliseconds(kInterval),
                   ",\"columns\":[\"at\",\"statements\",\"failed\",\"rows\",\"p50\",\"p95\","
                   "\"p99\",\"sessions\"],\"points\":[");
  absl::MutexLock lock(&mutex_);
  const auto first = std::find_if(points_.begin(), points_.end(),
                                  [&](const Point& point) { return point.at > since; });
  for (auto point = first; point != points_.end(); ++point) {
    absl::StrAppend(&json, point == first ? "[" : ",[", absl::ToUnixMillis(point->at), ",",
                    point->statements, ",", point->failed, ",", point->rows);
    if (point->any) {
      absl::StrAppend(&json, ",", point->p50, ",", point->p95, ",", point->p99);
    } else {
      json.append(",null,null,null");
    }
    absl::StrAppend(&json, ",", point->sessions, "]");
  }
  absl::StrAppend(&json, "],\"totals\":{\"statements\":", static_cast<int64_t>(totals.statements),
                  ",\"failed\":", static_cast<int64_t>(totals.failed),
                  ",\"rows\":", static_cast<int64_t>(totals.rows),
                  ",\"defaultPlans\":", static_cast<int64_t>(totals.default_plans),
                  ",\"multiStatement\":", static_cast<int64_t>(totals.multi_statement),
                  ",\"schemaChanged\":", static_cast<int64_t>(totals.schema_changed),
                  ",\"outOfReach\":", static_cast<int64_t>(totals.out_of_reach), "}}");
  return json;
}

}  // namespace adbms::gateway::console
