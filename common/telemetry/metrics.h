// Metrics of one service: RED per RPC and what the service adds. Names are listed once in
// deploy/prometheus/metrics.txt, which a test compares with what /metrics serves. Thread-safe.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"

namespace adbms::telemetry {

using Labels = std::map<std::string, std::string>;

// Latency buckets in seconds, 50 us to 10 s.
std::vector<double> LatencyBuckets();

// One RPC method's rate, errors and duration. Lives as long as the registry.
struct CallMetrics {
  prometheus::Counter* succeeded = nullptr;
  prometheus::Counter* failed = nullptr;
  prometheus::Histogram* seconds = nullptr;
  void Observe(bool ok, double elapsed_seconds) const {
    (ok ? succeeded : failed)->Increment();
    seconds->Observe(elapsed_seconds);
  }
};

class ServiceMetrics {
 public:
  // `registry` must outlive this.
  ServiceMetrics(std::string service, prometheus::Registry* registry);

  // adbms_rpc_requests_total{service,method,code} and adbms_rpc_duration_seconds{service,method}.
  void ObserveCall(const std::string& method, bool ok, double seconds);
  // The same for callers that call often: found once, then observed without looking up.
  CallMetrics OfCall(const std::string& method);

  // Families are made at first use; label values must be bounded. The result lives as long as the
  // registry.
  prometheus::Counter& Counter(const std::string& name, const std::string& help,
                               const Labels& labels = {});
  prometheus::Gauge& Gauge(const std::string& name, const std::string& help,
                           const Labels& labels = {});
  prometheus::Histogram& Histogram(const std::string& name, const std::string& help,
                                   const Labels& labels = {});

  const std::string& service() const { return service_; }

 private:
  Labels WithService(Labels labels) const;

  const std::string service_;
  prometheus::Registry* const registry_;
};

// The text exposition of a registry.
std::string Expose(const prometheus::Registry& registry);

}  // namespace adbms::telemetry
