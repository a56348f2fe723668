// Three-way comparison of physical values, as PostgreSQL's default operator classes. Pure
// functions.
#pragma once

#include <cmath>
#include <compare>
#include <string_view>

#include "common/types/bytes_text.h"
#include "common/types/jsonb_order.h"
#include "common/types/vector.h"

namespace adbms::sql::functions {

inline int ToInt(std::strong_ordering order) { return order < 0 ? -1 : (order > 0 ? 1 : 0); }

template <typename A, typename B>
int CompareThreeWay(const A& a, const B& b) {
  if constexpr (std::is_floating_point_v<A> || std::is_floating_point_v<B>) {
    // NaN is equal to itself and greater than everything else.
    const double x = a;
    const double y = b;
    if (std::isnan(x)) return std::isnan(y) ? 0 : 1;
    if (std::isnan(y)) return -1;
    return x < y ? -1 : (x > y ? 1 : 0);
  } else if constexpr (std::is_same_v<A, types::DecimalView> ||
                       std::is_same_v<A, types::Interval>) {
    return ToInt(types::Compare(a, b));
  } else if constexpr (std::is_same_v<A, std::string_view>) {
    const int order = a.compare(b);
    return order < 0 ? -1 : (order > 0 ? 1 : 0);
  } else {
    return a < b ? -1 : (b < a ? 1 : 0);
  }
}

struct JsonbOrder {
  static int Compare(std::string_view a, std::string_view b) {
    return types::CompareJsonb(types::Jsonb(a), types::Jsonb(b));
  }
};

// char(n): trailing blanks do not count.
struct BlankPadded {
  static int Compare(std::string_view a, std::string_view b) {
    return CompareThreeWay(types::TrimBlanks(a), types::TrimBlanks(b));
  }
};

}  // namespace adbms::sql::functions
