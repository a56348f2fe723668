#include "services/storage/statistics/partition_statistics.h"

#include <algorithm>
#include <map>
#include <string>

#include "common/types/value.h"

namespace adbms::storage::statistics {
namespace {

using common::v1::ColumnStatistics;
using common::v1::TableStatistics;

constexpr size_t kMostCommon = 100;
constexpr size_t kBounds = 101;
// A column with so many distinct values a row has others in each partition.
constexpr double kKeyLike = 0.5;

struct Part {
  const ColumnStatistics* column;
  double rows;
};

void SumCommonValues(const std::vector<Part>& parts, double rows, ColumnStatistics* out) {
  std::map<std::string, std::pair<common::v1::Datum, double>> values;
  for (const Part& part : parts) {
    const int count =
        std::min(part.column->most_common_values_size(), part.column->most_common_fractions_size());
    for (int i = 0; i < count; ++i) {
      const common::v1::Datum& value = part.column->most_common_values(i);
      auto& entry = values[value.SerializeAsString()];
      entry.first = value;
      entry.second += part.column->most_common_fractions(i) * part.rows / rows;
    }
  }
  std::vector<std::pair<common::v1::Datum, double>> sorted;
  for (auto& [bytes, entry] : values) sorted.push_back(std::move(entry));
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (sorted.size() > kMostCommon) sorted.resize(kMostCommon);
  for (const auto& [value, fraction] : sorted) {
    *out->add_most_common_values() = value;
    out->add_most_common_fractions(fraction);
  }
}

// Each bucket of a partition has about as many rows as the others of it.
void SumHistograms(const std::vector<Part>& parts, ColumnStatistics* out) {
  std::vector<std::pair<types::Value, double>> bounds;
  double total = 0;
  for (const Part& part : parts) {
    const auto& list = part.column->histogram_bounds();
    for (const auto& datum : list) {
      const auto value = types::FromProto(datum);
      if (!value.ok()) continue;
      const double weight = part.rows / static_cast<double>(list.size());
      bounds.emplace_back(*value, weight);
      total += weight;
    }
  }
  std::stable_sort(bounds.begin(), bounds.end(), [](const auto& a, const auto& b) {
    return types::CompareValues(a.first, b.first) < 0;
  });
  if (bounds.size() < 2 || total <= 0) return;
  *out->add_histogram_bounds() = types::ToProto(bounds.front().first);
  double passed = 0;
  double next = total / (kBounds - 1);
  for (size_t i = 1; i + 1 < bounds.size(); ++i) {
    passed += bounds[i].second;
    if (passed < next) continue;
    *out->add_histogram_bounds() = types::ToProto(bounds[i].first);
    next = passed + total / (kBounds - 1);
  }
  *out->add_histogram_bounds() = types::ToProto(bounds.back().first);
}

ColumnStatistics SumOfColumn(uint32_t ordinal, const std::vector<Part>& parts, double rows) {
  ColumnStatistics out;
  out.set_column(ordinal);
  double sum = 0, most = 0;
  bool key_like = true;
  for (const Part& part : parts) {
    const double share = part.rows / rows;
    out.set_null_fraction(out.null_fraction() + part.column->null_fraction() * share);
    out.set_average_width_bytes(out.average_width_bytes() +
                                part.column->average_width_bytes() * share);
    out.set_correlation(out.correlation() + part.column->correlation() * share);
    sum += part.column->distinct_count();
    most = std::max(most, part.column->distinct_count());
    key_like &= part.column->distinct_count() >= kKeyLike * part.rows;
    out.set_revision(part.column->revision());
  }
  out.set_distinct_count(key_like ? sum : most);
  SumCommonValues(parts, rows, &out);
  SumHistograms(parts, &out);
  return out;
}

}  // namespace

TableStatistics SumOf(uint32_t table_id, const std::vector<const TableStatistics*>& parts) {
  TableStatistics result;
  result.set_table_id(table_id);
  double bytes = 0;
  bool analyzed = true;
  bool any_analyzed = false;
  for (const TableStatistics* part : parts) {
    result.set_row_count(result.row_count() + part->row_count());
    result.set_live_rows(result.live_rows() + part->live_rows());
    bytes += part->row_count() * part->average_row_bytes();
    // One that is new, or next month's, says nothing against what is known of the others.
    if (part->estimated() && part->live_rows() <= 0) continue;
    analyzed &= !part->estimated();
    any_analyzed |= !part->estimated();
    if (result.analyzed_at_us() == 0 || part->analyzed_at_us() < result.analyzed_at_us())
      result.set_analyzed_at_us(part->analyzed_at_us());
  }
  result.set_estimated(!analyzed || !any_analyzed);
  if (result.row_count() <= 0 || result.estimated()) return result;
  result.set_average_row_bytes(bytes / result.row_count());
  std::map<uint32_t, std::vector<Part>> columns;
  for (const TableStatistics* part : parts) {
    if (part->row_count() <= 0) continue;
    for (const ColumnStatistics& column : part->columns())
      columns[column.column()].push_back({&column, part->row_count()});
  }
  for (const auto& [ordinal, list] : columns)
    *result.add_columns() = SumOfColumn(ordinal, list, result.row_count());
  return result;
}

}  // namespace adbms::storage::statistics
