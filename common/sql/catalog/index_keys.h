// What an index is made of, for those who look at descriptors: keys that are columns or
// expressions, and which rows have entries.
#pragma once

#include <algorithm>
#include <cstdint>

#include "adbms/common/v1/catalog.pb.h"

namespace adbms::sql {

// Stands in IndexDescriptor.columns for a key that is an expression.
inline constexpr uint32_t kExpressionKey = UINT32_MAX - 1;

// Whether it has entries for the items of values: then it has neither an order nor values to read,
// and only the operators of its operator classes can use it.
inline bool IsInverted(const common::v1::IndexDescriptor& index) {
  return index.method() == common::v1::IndexDescriptor::METHOD_INVERTED;
}

// Whether the keys are columns and every row has an entry, in their order: only then do `columns`
// and `unique` alone say what the index knows.
inline bool IsPlain(const common::v1::IndexDescriptor& index) {
  return index.expressions_size() == 0 && !index.has_predicate() && !IsInverted(index);
}

// Whether the index's entries depend on the column: it goes where the column goes.
inline bool Reads(const common::v1::IndexDescriptor& index, uint32_t ordinal) {
  const auto among = [ordinal](const auto& list) {
    return std::find(list.begin(), list.end(), ordinal) != list.end();
  };
  return among(index.columns()) || among(index.include()) || among(index.predicate().columns()) ||
         std::any_of(index.expressions().begin(), index.expressions().end(),
                     [&](const auto& expression) { return among(expression.columns()); });
}

}  // namespace adbms::sql
