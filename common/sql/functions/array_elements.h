// Elements of arrays in text form, and of int2vector and oidvector. Pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/types/text_io.h"

namespace adbms::sql::functions {

// Errors: 22P02 for a malformed array.
absl::StatusOr<std::vector<types::ArrayElement>> ElementsOf(std::string_view array,
                                                            types::TypeId type);
// About what the elements take in memory.
size_t BytesOfElements(std::string_view array);
// With its dimensions. Errors: 22P02.
absl::StatusOr<types::ShapedArray> ShapeOf(std::string_view array, types::TypeId type);
// The lower bound of the subscripts: 0 for int2vector and oidvector, else 1.
inline int32_t LowerBoundOf(types::TypeId type) {
  return type == types::TypeId::kInt2Vector || type == types::TypeId::kOidVector ? 0 : 1;
}

}  // namespace adbms::sql::functions
