// How kernels read arrays from their arguments and store them. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/sql/functions/kernel.h"
#include "common/types/array.h"

namespace adbms::sql::functions {

// The array in a row. REQUIRES: not NULL.
inline types::ArrayView ArrayAt(const types::Vector& vector, uint32_t row) {
  return types::ArrayView(vector.data<std::string_view>()[row], vector.type().id);
}

// An array of one element, which is what stands in a row that may be NULL.
inline std::string Single(const types::Vector& vector, uint32_t row) {
  types::ArrayBuilder builder(types::ArrayOf(vector.type().id));
  builder.Add(vector, row);
  return builder.Finish();
}

inline absl::Status StoreArray(std::string_view array, uint32_t row, types::Vector* result) {
  result->data<std::string_view>()[row] = result->arena()->Add(array);
  return absl::OkStatus();
}

}  // namespace adbms::sql::functions
