#include "services/orchestrator/report/charts.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace adbms::orchestrator::report {
namespace {

constexpr double kWidth = 1000;
constexpr double kLeft = 60;
constexpr double kRight = 60;
constexpr size_t kMostBars = 20;

// The next number of the form 1, 2 or 5 times a power of ten.
double RoundUp(double value) {
  if (value <= 0) return 1;
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= value) return factor * power;
  }
  return 10 * power;
}

std::string Text(double x, double y, const char* anchor, const std::string& text) {
  return absl::StrFormat("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>", x, y, anchor,
                         text);
}

std::string Line(double x1, double y1, double x2, double y2, const char* style) {
  return absl::StrFormat("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>", x1,
                         y1, x2, y2, style);
}

std::string Clock(int64_t unix_us) {
  return absl::FormatTime("%H:%M:%S", absl::FromUnixMicros(unix_us), absl::UTCTimeZone());
}

// One line over the width; gaps where `value` is negative.
template <typename Value>
std::string Curve(const std::vector<intake::LoadPoint>& load, double height, double greatest,
                  const char* style, const Value& value) {
  std::string path;
  bool pen_down = false;
  const double step = (kWidth - kLeft - kRight) / static_cast<double>(load.size());
  for (size_t i = 0; i < load.size(); ++i) {
    const double v = value(load[i]);
    if (v < 0) {
      pen_down = false;
      continue;
    }
    absl::StrAppendFormat(&path, "%s%.1f %.1f ", pen_down ? "L" : "M",
                          kLeft + step * (static_cast<double>(i) + 0.5),
                          10 + height * (1 - v / greatest));
    pen_down = true;
  }
  return absl::StrCat("<path d=\"", path, "\" class=\"", style, "\"/>");
}

}  // namespace

std::string LoadChart(const RunReport& report) {
  constexpr double kHeight = 220;
  const auto& load = report.load;
  double most_calls = 0;
  double most_ms = 0;
  const auto rate = [&](const intake::LoadPoint& point) {
    return point.calls / report.load_step_seconds;
  };
  const auto mean_ms = [](const intake::LoadPoint& point) {
    return point.calls > 0 ? point.total_us / 1e3 / point.calls : -1;
  };
  for (const intake::LoadPoint& point : load) {
    most_calls = std::max(most_calls, rate(point));
    most_ms = std::max(most_ms, mean_ms(point));
  }
  if (most_calls <= 0 || report.load_step_seconds <= 0) return {};
  most_calls = RoundUp(most_calls);
  most_ms = RoundUp(most_ms);
  const double from_us = static_cast<double>(load.front().start_us);
  const double span_us = report.load_step_seconds * 1e6 * static_cast<double>(load.size());
  std::string svg = absl::StrCat(
      "<svg viewBox=\"0 0 1000 300\" role=\"img\" aria-label=\"Statements a second and their mean "
      "time, with the actions\">");
  for (int i = 0; i <= 4; ++i) {
    const double y = 10 + kHeight * i / 4;
    svg += Line(kLeft, y, kWidth - kRight, y, "grid");
    svg += Text(kLeft - 6, y + 4, "end", absl::StrFormat("%g", most_calls * (4 - i) / 4));
    svg +=
        Text(kWidth - kRight + 6, y + 4, "start", absl::StrFormat("%g ms", most_ms * (4 - i) / 4));
  }
  for (int i = 0; i <= 4; ++i) {
    svg += Text(kLeft + (kWidth - kLeft - kRight) * i / 4, kHeight + 28, "middle",
                Clock(static_cast<int64_t>(from_us + span_us * i / 4)));
  }
  svg += Curve(load, kHeight, most_calls, "rate", rate);
  svg += Curve(load, kHeight, most_ms, "time", mean_ms);
  for (const v1::Action& action : report.history) {
    const double at = (static_cast<double>(action.applied_at_us()) - from_us) / span_us;
    if (action.applied_at_us() == 0 || at < 0 || at > 1) continue;
    const double x = kLeft + (kWidth - kLeft - kRight) * at;
    const bool kept = action.state() == v1::ACTION_STATE_KEPT;
    const char* style = kept                                          ? "kept"
                        : action.state() == v1::ACTION_STATE_REVERTED ? "reverted"
                                                                      : "open";
    svg += Line(x, 10, x, 10 + kHeight, style);
    // Neighbours do not stand on each other.
    svg += Text(x, kHeight + 46 + 14 * static_cast<double>(action.id() % 3), "middle",
                absl::StrCat("#", action.id()));
  }
  return svg +
         "</svg>\n<p class=\"key\"><span class=\"rate\">statements a second</span> <span "
         "class=\"time\">mean time</span> <span class=\"kept\">applied and kept</span> <span "
         "class=\"reverted\">applied and taken back</span> <span class=\"open\">still measured or "
         "failed</span>; times are UTC</p>\n";
}

std::string GainChart(const RunReport& report) {
  std::vector<const v1::Action*> measured;
  for (const v1::Action& action : report.history) {
    if (action.has_measured_gain() && measured.size() < kMostBars) measured.push_back(&action);
  }
  if (measured.empty()) return {};
  constexpr double kRow = 34;
  constexpr double kNames = 60;
  const double height = kRow * static_cast<double>(measured.size()) + 24;
  const double middle = kNames + (kWidth - kNames) / 2;
  const auto bar = [&](double gain, double y, const char* style) {
    const double length = std::min(std::abs(gain), 1.0) * (kWidth - middle - kRight);
    return absl::StrFormat(
        "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"11\" class=\"%s\"/>",
        gain < 0 ? middle - length : middle, y, length, style);
  };
  std::string svg = absl::StrFormat(
      "<svg viewBox=\"0 0 1000 %.0f\" role=\"img\" aria-label=\"Predicted and measured gains\">",
      height);
  for (const double part : {-1.0, -0.5, 0.0, 0.5, 1.0}) {
    const double x = middle + part * (kWidth - middle - kRight);
    svg += Line(x, 0, x, height - 18, "grid");
    svg += Text(x, height - 4, "middle", absl::StrFormat("%.0f %%", part * 100));
  }
  double y = 4;
  for (const v1::Action* action : measured) {
    svg += Text(kNames - 6, y + 17, "end", absl::StrCat("#", action->id()));
    svg += bar(action->proposal().predicted_gain(), y, "predicted");
    svg += bar(action->measured_gain(), y + 13, action->measured_gain() < 0 ? "loss" : "gain");
    y += kRow;
  }
  return svg +
         "</svg>\n<p class=\"key\"><span class=\"predicted\">predicted</span> <span "
         "class=\"gain\">measured</span> <span class=\"loss\">measured, a loss</span>; parts of "
         "the "
         "affected statements' time</p>\n";
}

}  // namespace adbms::orchestrator::report
