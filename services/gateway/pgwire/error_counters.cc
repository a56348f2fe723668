#include "services/gateway/pgwire/error_counters.h"

#include "common/status/sql_error.h"

namespace adbms::gateway::pgwire {
namespace {

constexpr char kOther[] = "other";
constexpr const char* kClasses[] = {"08", "0A", "21", "22", "23", "25",  "26", "28",
                                    "34", "3B", "3D", "3F", "40", "42",  "53", "54",
                                    "55", "57", "58", "P0", "XX", kOther};

}  // namespace

ErrorCounters::ErrorCounters(telemetry::ServiceMetrics* metrics) {
  for (const char* one : kClasses) {
    by_class_[one] = &metrics->Counter(
        "adbms_errors_total",
        "Errors told to clients of the PostgreSQL protocol, by class of SQLSTATE.",
        {{"sqlstate_class", one}});
  }
}

void ErrorCounters::Count(const absl::Status& status) {
  const auto found = by_class_.find(status::FromStatus(status).sqlstate.substr(0, 2));
  (found == by_class_.end() ? by_class_.at(kOther) : found->second)->Increment();
}

}  // namespace adbms::gateway::pgwire
