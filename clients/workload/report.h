// What a run measured, as text and as JSON.
#pragma once

#include <string>

#include "clients/workload/loader.h"
#include "clients/workload/runner.h"

namespace adbms::clients::workload {

// Statement, calls, errors, mean, p50, p95, p99 in milliseconds; then the first error of each kind.
std::string ToTable(const RunResult& result);
// {"seconds": …, "calls": …, "errors": …, "calls_per_second": …, "statements": [{"name": …,
// "calls": …, "errors": …, "retries": …, "mean_ms": …, "p50_ms": …, "p95_ms": …, "p99_ms": …,
// "max_ms": …}], "first_errors": {"42P01": "…"}}
std::string ToJson(const RunResult& result);
// "  12 s     1,234 calls/s   mean   2.10 ms   p95   8.00 ms   0 errors".
std::string ToLine(const Sample& sample);
// "orders: 200,000 rows, 150,000 rows/s".
std::string ToLine(const LoadProgress& progress);
// `text` as a JSON string, with quotes.
std::string JsonString(const std::string& text);

}  // namespace adbms::clients::workload
