#include "services/optimizer/cost/statistics_view.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "common/types/form.h"

namespace adbms::optimizer::cost {
namespace {

using types::Physical;
using types::TypeId;
using types::Value;

constexpr double kDayUs = 86400e6;

// A place on a line for values of types that have one.
std::optional<double> Scalar(const Value& value) {
  switch (types::PhysicalOf(value.type().id)) {
    case Physical::kBool:
      return value.bool_value() ? 1 : 0;
    case Physical::kInt16:
    case Physical::kInt64:
      return static_cast<double>(value.int_value());
    case Physical::kInt32:
      return static_cast<double>(value.int_value()) *
             (value.type().id == TypeId::kDate ? kDayUs : 1);
    case Physical::kFloat:
    case Physical::kDouble:
      return std::isfinite(value.float_value()) ? std::optional<double>(value.float_value())
                                                : std::nullopt;
    case Physical::kDecimal: {
      const double number = value.decimal().ToDouble();
      return std::isfinite(number) ? std::optional<double>(number) : std::nullopt;
    }
    case Physical::kInterval:
      return static_cast<double>(value.interval().microseconds) +
             (value.interval().days + 30.0 * value.interval().months) * kDayUs;
    case Physical::kString:
      return std::nullopt;
  }
  return std::nullopt;
}

// Types whose places lie on one line.
int LineOf(TypeId id) {
  if (types::IsNumber(id)) return 1;
  if (id == TypeId::kDate || id == TypeId::kTimestamp || id == TypeId::kTimestamptz) return 2;
  return 0;
}

// Digits after the common prefix in a base that spans the bytes seen, as PostgreSQL's
// convert_string_to_scalar.
double StringPosition(std::string_view value, std::string_view low, std::string_view high) {
  size_t prefix = 0;
  while (prefix < low.size() && prefix < high.size() && low[prefix] == high[prefix]) ++prefix;
  int least = 255;
  int most = 0;
  for (const std::string_view text : {value, low, high}) {
    for (size_t i = prefix; i < std::min(text.size(), prefix + 8); ++i) {
      least = std::min<int>(least, static_cast<unsigned char>(text[i]));
      most = std::max<int>(most, static_cast<unsigned char>(text[i]));
    }
  }
  for (const auto& [first, last] :
       {std::pair('0', '9'), std::pair('A', 'Z'), std::pair('a', 'z')}) {
    if (least <= last && most >= first) {
      least = std::min<int>(least, first);
      most = std::max<int>(most, last);
    }
  }
  const double base = std::max(1, most - least + 1);
  const auto place = [&](std::string_view text) {
    double result = 0;
    double unit = 1 / base;
    for (size_t i = prefix; i < std::min(text.size(), prefix + 8); ++i, unit /= base) {
      result += unit * (std::clamp<int>(static_cast<unsigned char>(text[i]), least, most) - least);
    }
    return result;
  };
  const double from = place(low);
  const double to = place(high);
  return to <= from ? 0.5 : (place(value) - from) / (to - from);
}

ColumnView Decode(const common::v1::ColumnStatistics& statistics) {
  ColumnView view;
  view.null_fraction = std::clamp(statistics.null_fraction(), 0.0, 1.0);
  view.distinct = statistics.distinct_count();
  view.correlation = statistics.correlation();
  const int common =
      std::min(statistics.most_common_values_size(), statistics.most_common_fractions_size());
  for (int i = 0; i < common; ++i) {
    auto value = types::FromProto(statistics.most_common_values(i));
    if (!value.ok() || value->is_null()) continue;
    const double fraction = statistics.most_common_fractions(i);
    view.common_fraction += fraction;
    view.least_common = view.common.empty() ? fraction : std::min(view.least_common, fraction);
    view.common.push_back({*std::move(value), fraction});
  }
  std::sort(view.common.begin(), view.common.end(), [](const auto& a, const auto& b) {
    return types::CompareValues(a.value, b.value) < 0;
  });
  for (const auto& bound : statistics.histogram_bounds()) {
    auto value = types::FromProto(bound);
    if (value.ok() && !value->is_null()) view.bounds.push_back(*std::move(value));
  }
  if (!view.common.empty()) view.type = view.common.front().value.type();
  if (!view.bounds.empty()) view.type = view.bounds.front().type();
  return view;
}

}  // namespace

double ColumnView::rest() const {
  return std::clamp(1 - null_fraction - common_fraction, 0.0, 1.0);
}

double ColumnView::rest_distinct() const {
  return std::max(1.0, distinct - static_cast<double>(common.size()));
}

StatisticsView::StatisticsView(const common::v1::StatisticsSnapshot* snapshot) {
  if (snapshot == nullptr) return;
  version_ = snapshot->version();
  for (const auto& statistics : snapshot->tables()) {
    TableView& view = tables_[statistics.table_id()];
    view.rows = statistics.live_rows() > 0 ? statistics.live_rows() : statistics.row_count();
    view.row_bytes = statistics.average_row_bytes();
    view.analyzed = !statistics.estimated();
    for (const auto& column : statistics.columns()) {
      view.columns.emplace(column.column(), Decode(column));
    }
  }
}

const TableView* StatisticsView::Find(uint32_t table_id) const {
  const auto found = tables_.find(table_id);
  return found == tables_.end() ? nullptr : &found->second;
}

std::optional<int> CompareLoosely(const Value& a, const Value& b) {
  const TypeId left = a.type().id;
  const TypeId right = b.type().id;
  if (left == right || (types::IsString(left) && types::IsString(right))) {
    return types::CompareValues(a, b);
  }
  if (LineOf(left) == 0 || LineOf(left) != LineOf(right)) return std::nullopt;
  const auto x = Scalar(a);
  const auto y = Scalar(b);
  if (!x.has_value() || !y.has_value()) return std::nullopt;
  return *x < *y ? -1 : *x > *y ? 1 : 0;
}

double PositionBetween(const Value& value, const Value& low, const Value& high) {
  const bool strings = types::PhysicalOf(low.type().id) == Physical::kString &&
                       types::PhysicalOf(value.type().id) == Physical::kString;
  double position = 0.5;
  // Of jsonb and arrays the bytes tell nothing.
  if (strings && !types::HasOrderKey(low.type().id)) {
    position = StringPosition(value.bytes(), low.bytes(), high.bytes());
  } else {
    const auto at = Scalar(value);
    const auto from = Scalar(low);
    const auto to = Scalar(high);
    if (at.has_value() && from.has_value() && to.has_value() && *to > *from) {
      position = (*at - *from) / (*to - *from);
    }
  }
  return std::clamp(position, 0.0, 1.0);
}

}  // namespace adbms::optimizer::cost
