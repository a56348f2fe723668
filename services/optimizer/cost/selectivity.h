// Selectivity of comparisons with one column: PostgreSQL 15's formulas (utils/adt/selfuncs.c,
// like_support.c) over a column's distribution. Fractions of all rows, 0 to 1. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "services/optimizer/cost/statistics_view.h"

namespace adbms::optimizer::cost {

// selfuncs.h: what is taken where nothing is known.
inline constexpr double kDefaultEqual = 0.005;
inline constexpr double kDefaultInequality = 1.0 / 3;
inline constexpr double kDefaultRange = 0.005;
inline constexpr double kDefaultMatch = 0.005;
inline constexpr double kDefaultDistinct = 200;

// column = value (var_eq_const). A NULL value finds nothing.
double EqualTo(const ColumnView& column, const types::Value& value);
// column = something unknown (var_eq_non_const): the average over the column's values.
double EqualToUnknown(const ColumnView& column);
// The most and the fewest rows that an equality with one of the column's values finds.
double EqualToMostCommon(const ColumnView& column);
double EqualToRarest(const ColumnView& column);
// column < value, or <= (scalarineqsel): common values one by one, the rest from the histogram.
double Below(const ColumnView& column, const types::Value& value, bool inclusive);
// A range with both bounds known, each maybe absent (null).
double InRange(const ColumnView& column, const types::Value* low, bool low_inclusive,
               const types::Value* high, bool high_inclusive);

// a = b between columns of two relations (eqjoinsel_inner): of all pairs. `a_distinct` and
// `b_distinct`: as the caller knows them.
double EqualJoin(const ColumnView& a, double a_distinct, const ColumnView& b, double b_distinct);
// Fraction of the left's rows that have a match on the right (eqjoinsel_semi).
double SemiJoin(double left_null_fraction, double left_distinct, double right_distinct);

// A LIKE pattern's fixed beginning, unescaped. `exact`: the pattern has nothing else.
std::string FixedPrefix(std::string_view pattern, bool* exact);
// column LIKE pattern, from its prefix and what follows (patternsel).
double Matches(const ColumnView& column, std::string_view pattern);

// Distinct values among `rows` of a table's `table_rows`, of which the column has `distinct`
// (estimate_num_groups).
double DistinctAmong(double distinct, double table_rows, double rows);

}  // namespace adbms::optimizer::cost
