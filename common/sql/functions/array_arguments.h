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

// Counts what an array that is made of the arguments takes while it is made: the builder's room,
// which doubles, and the array beside it.
inline absl::Status TakeForBuilding(const std::vector<const types::Vector*>& arguments,
                                    uint32_t row, ScratchMemory* scratch) {
  const size_t bytes = internal::ScratchOf(arguments, row);
  return bytes < internal::kLargeArguments ? absl::OkStatus() : scratch->Take(3 * bytes);
}

inline absl::Status StoreArray(std::string_view array, uint32_t row, types::Vector* result) {
  result->data<std::string_view>()[row] = result->arena()->Add(array);
  return absl::OkStatus();
}

}  // namespace adbms::sql::functions
