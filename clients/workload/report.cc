#include "clients/workload/report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/terminal/live_line.h"
#include "clients/terminal/text_table.h"

namespace adbms::clients::workload {
namespace {

using terminal::Align;
using terminal::WithThousands;

std::string Ms(double us) { return absl::StrFormat("%.2f", us / 1e3); }

double PerSecond(double count, double seconds) { return seconds <= 0 ? 0 : count / seconds; }

}  // namespace

std::string ToTable(const RunResult& result) {
  terminal::TextTable table({{"statement"},
                             {"calls", Align::kRight},
                             {"errors", Align::kRight},
                             {"mean ms", Align::kRight},
                             {"p50 ms", Align::kRight},
                             {"p95 ms", Align::kRight},
                             {"p99 ms", Align::kRight}});
  LatencyHistogram all;
  const auto add = [&](const std::string& name, const LatencyHistogram& latency, uint64_t errors) {
    table.Add({name, WithThousands(static_cast<int64_t>(latency.count())),
               WithThousands(static_cast<int64_t>(errors)), Ms(latency.mean_us()),
               Ms(latency.QuantileUs(0.5)), Ms(latency.QuantileUs(0.95)),
               Ms(latency.QuantileUs(0.99))});
  };
  for (const StatementResult& one : result.statements) {
    add(one.name, one.latency, one.errors);
    all.Merge(one.latency);
  }
  add("all", all, result.errors());
  std::string text = table.ToString();
  absl::StrAppendFormat(&text, "%s calls in %.1f s: %s a second\n",
                        WithThousands(static_cast<int64_t>(result.calls())), result.seconds,
                        WithThousands(static_cast<int64_t>(
                            PerSecond(static_cast<double>(result.calls()), result.seconds))));
  for (const auto& [sqlstate, message] : result.first_errors) {
    absl::StrAppend(&text, "first error ", sqlstate, ": ", message, "\n");
  }
  return text;
}

std::string ToJson(const RunResult& result) {
  std::string statements;
  for (const StatementResult& one : result.statements) {
    absl::StrAppendFormat(
        &statements,
        "%s\n    {\"name\": %s, \"calls\": %d, \"errors\": %d, \"retries\": %d, \"mean_ms\": %.4f, "
        "\"p50_ms\": %.4f, \"p95_ms\": %.4f, \"p99_ms\": %.4f, \"max_ms\": %.4f}",
        statements.empty() ? "" : ",", JsonString(one.name), one.latency.count(), one.errors,
        one.retries, one.latency.mean_us() / 1e3, one.latency.QuantileUs(0.5) / 1e3,
        one.latency.QuantileUs(0.95) / 1e3, one.latency.QuantileUs(0.99) / 1e3,
        one.latency.max_us() / 1e3);
  }
  std::string errors;
  for (const auto& [sqlstate, message] : result.first_errors) {
    absl::StrAppend(&errors, errors.empty() ? "" : ", ", JsonString(sqlstate), ": ",
                    JsonString(message));
  }
  return absl::StrFormat(
      "{\n  \"seconds\": %.3f,\n  \"calls\": %d,\n  \"errors\": %d,\n  \"calls_per_second\": "
      "%.2f,\n  \"statements\": [%s\n  ],\n  \"first_errors\": {%s}\n}\n",
      result.seconds, result.calls(), result.errors(),
      PerSecond(static_cast<double>(result.calls()), result.seconds), statements, errors);
}

std::string ToLine(const Sample& sample) {
  return absl::StrFormat("%5.0f s %10s calls/s   mean %8.2f ms   p95 %8.2f ms   %d errors",
                         sample.at_seconds,
                         WithThousands(static_cast<int64_t>(sample.calls_per_second)),
                         sample.mean_ms, sample.p95_ms, sample.errors);
}

std::string ToLine(const LoadProgress& progress) {
  return absl::StrCat(progress.table, ": ", WithThousands(progress.rows), " rows, ",
                      WithThousands(static_cast<int64_t>(
                          PerSecond(static_cast<double>(progress.rows), progress.seconds))),
                      " rows/s");
}

std::string JsonString(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json.push_back('\\');
      json.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&json, "\\u%04x", static_cast<int>(c));
    } else {
      json.push_back(c);
    }
  }
  return json + "\"";
}

}  // namespace adbms::clients::workload
