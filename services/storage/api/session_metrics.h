// RED of the requests that arrive on session streams, by their kind. Thread-safe after
// construction.
#pragma once

#include <unordered_map>

#include "absl/time/clock.h"
#include "adbms/storage/v1/storage.pb.h"
#include "common/telemetry/metrics.h"

namespace adbms::storage::api {

class SessionMetrics {
 public:
  // `metrics` may be null: nothing is counted.
  explicit SessionMetrics(telemetry::ServiceMetrics* metrics) {
    if (metrics == nullptr) return;
    const auto* const body = v1::SessionRequest::descriptor()->FindOneofByName("body");
    for (int i = 0; i < body->field_count(); ++i) {
      const auto* const field = body->field(i);
      if (field->number() == v1::SessionRequest::kEndFieldNumber) continue;
      calls_[field->number()] = metrics->OfCall("Session." + field->name());
    }
  }
  void Observe(const v1::SessionRequest& request, bool ok, absl::Time start) const {
    const auto found = calls_.find(request.body_case());
    if (found == calls_.end()) return;
    found->second.Observe(ok, absl::ToDoubleSeconds(absl::Now() - start));
  }

 private:
  std::unordered_map<int, telemetry::CallMetrics> calls_;
};

}  // namespace adbms::storage::api
