#include "services/optimizer/cost/selectivity.h"

#include <algorithm>
#include <cmath>

namespace adbms::optimizer::cost {
namespace {

using types::Value;

// like_support.c.
constexpr double kFixedCharacter = 0.20;
constexpr double kAnyCharacter = 0.9;
constexpr double kFullWildcard = 5.0;

double Fraction(double value) { return std::clamp(value, 0.0, 1.0); }

// Fraction of the histogram's values below `value`; nullopt when it cannot be compared.
std::optional<double> HistogramBelow(const ColumnView& column, const Value& value) {
  const auto& bounds = column.bounds;
  if (bounds.size() < 2) return std::nullopt;
  size_t low = 0;  // Bounds below `value`.
  size_t high = bounds.size();
  while (low < high) {
    const size_t middle = (low + high) / 2;
    const auto order = CompareLoosely(bounds[middle], value);
    if (!order.has_value()) return std::nullopt;
    if (*order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return 0.0;
  if (low == bounds.size()) return 1.0;
  const double buckets = static_cast<double>(bounds.size() - 1);
  const double position = PositionBetween(value, bounds[low - 1], bounds[low]);
  return (static_cast<double>(low - 1) + position) / buckets;
}

// The smallest string above all that begin with `prefix`; empty when there is none.
std::string After(std::string prefix) {
  while (!prefix.empty()) {
    const auto last = static_cast<unsigned char>(prefix.back());
    if (last < 0x7f) {
      prefix.back() = static_cast<char>(last + 1);
      return prefix;
    }
    prefix.pop_back();
  }
  return prefix;
}

}  // namespace

double EqualTo(const ColumnView& column, const Value& value) {
  if (value.is_null()) return 0;
  for (const auto& [common, fraction] : column.common) {
    const auto order = CompareLoosely(common, value);
    if (!order.has_value()) return EqualToUnknown(column);
    if (*order == 0) return fraction;
  }
  if (column.distinct <= 0) return kDefaultEqual;
  const double one = column.rest() / column.rest_distinct();
  // What is not common is no more frequent than the least common.
  return Fraction(column.common.empty() ? one : std::min(one, column.least_common));
}

double EqualToUnknown(const ColumnView& column) {
  if (column.distinct <= 0) return kDefaultEqual;
  return Fraction((1 - column.null_fraction) / std::max(1.0, column.distinct));
}

double EqualToMostCommon(const ColumnView& column) {
  double most = EqualToUnknown(column);
  for (const auto& common : column.common) most = std::max(most, common.fraction);
  return most;
}

double EqualToRarest(const ColumnView& column) {
  if (column.distinct <= 0) return kDefaultEqual;
  const double few = EqualToUnknown(column);
  if (column.common.empty()) return few;
  // Without others the rarest is a common one.
  if (column.bounds.empty()) return std::min(few, column.least_common);
  return std::min({few, column.least_common, column.rest() / column.rest_distinct()});
}

double Below(const ColumnView& column, const Value& value, bool inclusive) {
  if (value.is_null()) return 0;
  double common = 0;
  for (const auto& [candidate, fraction] : column.common) {
    const auto order = CompareLoosely(candidate, value);
    if (!order.has_value()) return kDefaultInequality;
    if (*order < 0 || (*order == 0 && inclusive)) common += fraction;
  }
  const double rest = column.rest();
  if (column.bounds.size() < 2) {
    // All values are common, or nothing is known of the others.
    if (column.common.empty()) return kDefaultInequality;
    return Fraction(common + rest * kDefaultInequality);
  }
  const auto below = HistogramBelow(column, value);
  if (!below.has_value()) return kDefaultInequality;
  double part = *below;
  const bool outside = CompareLoosely(value, column.bounds.front()).value_or(0) < 0 ||
                       CompareLoosely(value, column.bounds.back()).value_or(0) > 0;
  if (inclusive && !outside) part += 1 / column.rest_distinct();
  // Never certain: values outside the histogram may have come since.
  const double margin = 0.01 / static_cast<double>(column.bounds.size() - 1);
  part = std::clamp(part, margin, 1 - margin);
  return Fraction(common + rest * part);
}

double InRange(const ColumnView& column, const Value* low, bool low_inclusive, const Value* high,
               bool high_inclusive) {
  const double present = 1 - column.null_fraction;
  if ((low != nullptr && low->is_null()) || (high != nullptr && high->is_null())) return 0;
  const double upper = high == nullptr ? present : Below(column, *high, high_inclusive);
  const double lower = low == nullptr ? 0 : Below(column, *low, !low_inclusive);
  if (high != nullptr && low != nullptr && upper <= lower) {
    const auto order = CompareLoosely(*low, *high);
    if (order.has_value() && *order == 0 && low_inclusive && high_inclusive) {
      return EqualTo(column, *low);
    }
    return 1e-10;
  }
  return Fraction(std::min(present, upper) - lower);
}

double EqualJoin(const ColumnView& a, double a_distinct, const ColumnView& b, double b_distinct) {
  const double left = std::max(1.0, a_distinct);
  const double right = std::max(1.0, b_distinct);
  if (a.common.empty() || b.common.empty()) {
    return Fraction((1 - a.null_fraction) * (1 - b.null_fraction) / std::max(left, right));
  }
  double matching = 0;
  double a_matched = 0;
  double b_matched = 0;
  double matches = 0;
  for (size_t i = 0, j = 0; i < a.common.size() && j < b.common.size();) {
    const auto order = CompareLoosely(a.common[i].value, b.common[j].value);
    if (!order.has_value()) break;
    if (*order == 0) {
      matching += a.common[i].fraction * b.common[j].fraction;
      a_matched += a.common[i].fraction;
      b_matched += b.common[j].fraction;
      ++matches;
    }
    if (*order <= 0) ++i;
    if (*order >= 0) ++j;
  }
  const double a_unmatched = std::max(0.0, a.common_fraction - a_matched);
  const double b_unmatched = std::max(0.0, b.common_fraction - b_matched);
  const double a_other = a.rest();
  const double b_other = b.rest();
  const auto total = [&](double unmatched, double other, double theirs_unmatched,
                         double theirs_other, double theirs_distinct, double theirs_common) {
    double sum = matching;
    if (theirs_distinct > theirs_common)
      sum += unmatched * theirs_other / (theirs_distinct - theirs_common);
    if (theirs_distinct > matches)
      sum += other * (theirs_other + theirs_unmatched) / (theirs_distinct - matches);
    return sum;
  };
  return Fraction(std::min(total(a_unmatched, a_other, b_unmatched, b_other, right,
                                 static_cast<double>(b.common.size())),
                           total(b_unmatched, b_other, a_unmatched, a_other, left,
                                 static_cast<double>(a.common.size()))));
}

double SemiJoin(double left_null_fraction, double left_distinct, double right_distinct) {
  const double share = left_distinct <= right_distinct
                           ? 1
                           : std::max(1.0, right_distinct) / std::max(1.0, left_distinct);
  return Fraction(share * (1 - left_null_fraction));
}

std::string FixedPrefix(std::string_view pattern, bool* exact) {
  std::string prefix;
  *exact = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '%' || pattern[i] == '_') return prefix;
    if (pattern[i] == '\\' && ++i == pattern.size()) return prefix;
    prefix.push_back(pattern[i]);
  }
  *exact = true;
  return prefix;
}

double Matches(const ColumnView& column, std::string_view pattern) {
  bool exact = false;
  const std::string prefix = FixedPrefix(pattern, &exact);
  if (exact) return EqualTo(column, Value::Text(prefix));
  double selectivity = 1 - column.null_fraction;
  if (!prefix.empty()) {
    const Value low = Value::Text(prefix);
    const std::string after = After(prefix);
    const Value high = Value::Text(after);
    selectivity = InRange(column, &low, true, after.empty() ? nullptr : &high, false);
    // A prefix finds at least what equality with it finds.
    selectivity = std::max(selectivity, EqualTo(column, low));
  }
  // What follows: each fixed character narrows, each wildcard widens, as PostgreSQL guesses.
  double following = 1;
  size_t fixed = 0;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '%') {
      following *= kFullWildcard;
    } else if (pattern[i] == '_') {
      following *= kAnyCharacter;
    } else {
      if (pattern[i] == '\\') ++i;
      if (++fixed > prefix.size()) following *= kFixedCharacter;
    }
  }
  return Fraction(selectivity * std::min(1.0, following));
}

double DistinctAmong(double distinct, double table_rows, double rows) {
  if (distinct <= 1 || table_rows <= rows || rows <= 0) {
    return std::max(1.0, std::min(distinct, std::max(1.0, rows)));
  }
  // Dell'Era's approximation of drawing without replacement.
  const double seen =
      distinct * (1 - std::pow((table_rows - rows) / table_rows, table_rows / distinct));
  return std::clamp(seen, 1.0, std::max(1.0, std::min(distinct, rows)));
}

}  // namespace adbms::optimizer::cost
