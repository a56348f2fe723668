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
  OfCall(method).Observe(ok, seconds);
}

CallMetrics ServiceMetrics::OfCall(const std::string& method) {
  constexpr char kHelp[] = "RPC calls served.";
  CallMetrics call;
  call.succeeded =
      &Counter("adbms_rpc_requests_total", kHelp, {{"method", method}, {"code", "ok"}});
  call.failed =
      &Counter("adbms_rpc_requests_total", kHelp, {{"method", method}, {"code", "error"}});
  call.seconds =
      &Histogram("adbms_rpc_duration_seconds", "Time of RPC calls.", {{"method", method}});
  return call;
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
