#include "common/telemetry/metrics.h"

#include <prometheus/text_serializer.h>

#include <sstream>

namespace adbms::telemetry {

std::vector<double> LatencyBuckets() {
  return {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
          0.05,    0.1,    0.25,    0.5,    1,     2.5,    5,     10};
}

ServiceMetrics::ServiceMetrics(std::string service, prometheus::Registry* registry)
    : service_(std::move(service)), registry_(registry) {}

Labels ServiceMetrics::WithService(Labels labels) const {
  labels["service"] = service_;
  return labels;
}

void ServiceMetrics::ObserveCall(const std::string& method, bool ok, double seconds) {
  Counter("adbms_rpc_requests_total", "Calls between services.",
          {{"method", method}, {"code", ok ? "ok" : "error"}})
      .Increment();
  Histogram("adbms_rpc_duration_seconds", "Time of calls between services.", {{"method", method}})
      .Observe(seconds);
}

prometheus::Counter& ServiceMetrics::Counter(const std::string& name, const std::string& help,
                                             const Labels& labels) {
  return prometheus::BuildCounter()
      .Name(name)
      .Help(help)
      .Register(*registry_)
      .Add(WithService(labels));
}

prometheus::Gauge& ServiceMetrics::Gauge(const std::string& name, const std::string& help,
                                         const Labels& labels) {
  return prometheus::BuildGauge()
      .Name(name)
      .Help(help)
      .Register(*registry_)
      .Add(WithService(labels));
}

prometheus::Histogram& ServiceMetrics::Histogram(const std::string& name, const std::string& help,
                                                 const Labels& labels) {
  return prometheus::BuildHistogram()
      .Name(name)
      .Help(help)
      .Register(*registry_)
      .Add(WithService(labels), prometheus::Histogram::BucketBoundaries(LatencyBuckets()));
}

std::string Expose(const prometheus::Registry& registry) {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, registry.Collect());
  return out.str();
}

}  // namespace adbms::telemetry
