#include "clients/demo/comparison.h"

#include "absl/strings/str_format.h"
#include "clients/terminal/live_line.h"
#include "clients/terminal/text_table.h"

namespace adbms::clients::demo {
namespace {

using terminal::Align;
using workload::LatencyHistogram;

std::string Count(uint64_t count) { return terminal::WithThousands(static_cast<int64_t>(count)); }

std::string Ms(double us) { return us == 0 ? "-" : absl::StrFormat("%.2f", us / 1e3); }

std::string Factor(double before, double after) {
  return before == 0 || after == 0 ? "-" : absl::StrFormat("%.1fx", before / after);
}

}  // namespace

std::string Compare(const workload::RunResult& before, const workload::RunResult& after) {
  terminal::TextTable table({{"statement"},
                             {"calls before", Align::kRight},
                             {"calls after", Align::kRight},
                             {"mean ms before", Align::kRight},
                             {"mean ms after", Align::kRight},
                             {"faster", Align::kRight},
                             {"p95 ms before", Align::kRight},
                             {"p95 ms after", Align::kRight},
                             {"faster", Align::kRight}});
  const auto add = [&](const std::string& name, const LatencyHistogram& was,
                       const LatencyHistogram& is) {
    table.Add({name, Count(was.count()), Count(is.count()), Ms(was.mean_us()), Ms(is.mean_us()),
               Factor(was.mean_us(), is.mean_us()), Ms(was.QuantileUs(0.95)),
               Ms(is.QuantileUs(0.95)), Factor(was.QuantileUs(0.95), is.QuantileUs(0.95))});
  };
  LatencyHistogram all_before;
  LatencyHistogram all_after;
  for (const auto& was : before.statements) {
    for (const auto& is : after.statements) {
      if (is.name != was.name) continue;
      add(was.name, was.latency, is.latency);
      all_before.Merge(was.latency);
      all_after.Merge(is.latency);
    }
  }
  add("all", all_before, all_after);
  const double rate_before = static_cast<double>(before.calls()) / before.seconds;
  const double rate_after = static_cast<double>(after.calls()) / after.seconds;
  return table.ToString() +
         absl::StrFormat("throughput: %.0f calls/s before, %.0f after: %.1f times as many\n",
                         rate_before, rate_after, rate_before == 0 ? 0 : rate_after / rate_before);
}

}  // namespace adbms::clients::demo
