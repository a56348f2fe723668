// How many TLS handshakes of the PostgreSQL protocol came to what. Thread-safe.
#pragma once

#include "common/telemetry/metrics.h"

namespace adbms::gateway::pgwire {

struct HandshakeCounters {
  explicit HandshakeCounters(telemetry::ServiceMetrics* metrics)
      : done(Of(metrics, "ok")), failed(Of(metrics, "failed")) {}

  prometheus::Counter& done;
  prometheus::Counter& failed;

 private:
  static prometheus::Counter& Of(telemetry::ServiceMetrics* metrics, const char* outcome) {
    return metrics->Counter("adbms_tls_handshakes_total",
                            "TLS handshakes of the PostgreSQL protocol.", {{"outcome", outcome}});
  }
};

}  // namespace adbms::gateway::pgwire
