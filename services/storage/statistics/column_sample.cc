#include "services/storage/statistics/column_sample.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "common/types/value.h"
#include "services/storage/codec/key_codec.h"

namespace adbms::storage::statistics {
namespace {

constexpr size_t kMostCommon = 100;
constexpr size_t kBuckets = 100;
constexpr size_t kWidestValue = 1024;  // Wider values are not kept.

struct Item {
  std::string key;  // Memcomparable.
  uint32_t row;
};

struct Run {
  size_t first;  // Position in the sorted items.
  size_t count;
};

// The estimator of Haas and Stokes that PostgreSQL uses ("Sampling-based estimation of the number
// of distinct values of an attribute", formula of Duj1).
double DistinctCount(double sampled, double distinct, double once, double total) {
  if (once == 0 || sampled >= total) return distinct;
  if (once >= sampled) return total;  // All different: taken for a key.
  const double estimate = sampled * distinct / ((sampled - once) + once * sampled / total);
  return std::clamp(estimate, distinct, total);
}

size_t WidthAt(const types::Vector& sample, uint32_t row) {
  if (sample.physical() == types::Physical::kString)
    return sample.data<std::string_view>()[row].size();
  return types::WidthOf(sample.physical()) + (sample.has_strings() ? sample.string(row).size() : 0);
}

}  // namespace

common::v1::ColumnStatistics SummarizeColumn(uint32_t ordinal, const types::Vector& sample,
                                             double total_rows) {
  common::v1::ColumnStatistics result;
  result.set_column(ordinal);
  if (sample.size() == 0) return result;
  const double rows = sample.size();
  double nulls = 0;
  double width = 0;
  std::vector<Item> items;
  const bool comparable = types::IsComparable(sample.type().id);
  for (uint32_t row = 0; row < sample.size(); ++row) {
    if (sample.is_null(row)) {
      ++nulls;
      continue;
    }
    width += static_cast<double>(WidthAt(sample, row));
    if (!comparable || WidthAt(sample, row) > kWidestValue) continue;
    Item item{{}, row};
    codec::AppendKey(sample, row, {sample.type(), false, false}, &item.key);
    items.push_back(std::move(item));
  }
  result.set_null_fraction(nulls / rows);
  if (nulls < rows) result.set_average_width_bytes(width / (rows - nulls));
  if (items.empty()) return result;
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
    const int c = a.key.compare(b.key);
    return c != 0 ? c < 0 : a.row < b.row;
  });
  std::vector<Run> runs;
  double once = 0;
  for (size_t i = 0; i < items.size();) {
    size_t end = i + 1;
    while (end < items.size() && items[end].key == items[i].key) ++end;
    runs.push_back({i, end - i});
    once += end - i == 1 ? 1 : 0;
    i = end;
  }
  const double present_total = total_rows * (1 - nulls / rows);
  const double distinct =
      DistinctCount(static_cast<double>(items.size()), static_cast<double>(runs.size()), once,
                    std::max(present_total, static_cast<double>(runs.size())));
  result.set_distinct_count(distinct);

  // Most common values: all of them when the sample has them all, else those clearly above the
  // average.
  std::vector<Run> common(runs);
  std::stable_sort(common.begin(), common.end(),
                   [](const Run& a, const Run& b) { return a.count > b.count; });
  const bool complete = once == 0 && runs.size() <= kMostCommon;
  size_t kept = 0;
  if (complete) {
    kept = common.size();
  } else {
    const double threshold = 1.25 * static_cast<double>(items.size()) / distinct;
    while (kept < std::min(common.size(), kMostCommon) && common[kept].count >= 2 &&
           static_cast<double>(common[kept].count) > threshold) {
      ++kept;
    }
  }
  std::vector<bool> is_common(items.size(), false);
  for (size_t i = 0; i < kept; ++i) {
    *result.add_most_common_values() = types::ToProto(sample.Get(items[common[i].first].row));
    result.add_most_common_fractions(static_cast<double>(common[i].count) / rows);
    for (size_t j = 0; j < common[i].count; ++j) is_common[common[i].first + j] = true;
  }
  std::vector<uint32_t> rest;
  for (size_t i = 0; i < items.size(); ++i) {
    if (!is_common[i]) rest.push_back(items[i].row);
  }
  if (runs.size() - kept >= 2) {
    const size_t bounds = std::min(kBuckets + 1, rest.size());
    for (size_t i = 0; i < bounds; ++i) {
      *result.add_histogram_bounds() =
          types::ToProto(sample.Get(rest[i * (rest.size() - 1) / (bounds - 1)]));
    }
  }
  // Correlation of rank by value and rank by key.
  const double n = static_cast<double>(items.size());
  if (n > 1) {
    std::vector<uint32_t> order(items.size());
    for (size_t i = 0; i < items.size(); ++i) order[i] = items[i].row;
    std::vector<uint32_t> sorted_rows = order;
    std::sort(sorted_rows.begin(), sorted_rows.end());
    double sum_xy = 0;
    for (size_t i = 0; i < items.size(); ++i) {
      const auto rank =
          std::lower_bound(sorted_rows.begin(), sorted_rows.end(), order[i]) - sorted_rows.begin();
      sum_xy += static_cast<double>(i) * static_cast<double>(rank);
    }
    const double sum = n * (n - 1) / 2;
    const double squares = (n - 1) * n * (2 * n - 1) / 6;
    result.set_correlation((n * sum_xy - sum * sum) / (n * squares - sum * sum));
  }
  return result;
}

}  // namespace adbms::storage::statistics
