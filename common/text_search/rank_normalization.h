// By what a rank is divided.
#pragma once

#include <algorithm>

#include "common/types/text_search.h"

namespace adbms::text_search {

// The bits of a normalization.
inline constexpr int kByLogLength = 1;
inline constexpr int kByLength = 2;
inline constexpr int kByDistance = 4;
inline constexpr int kByLexemes = 8;
inline constexpr int kByLogLexemes = 16;
inline constexpr int kIntoOne = 32;

// Positions; one for a lexeme without.
inline int LengthOf(const types::TsVectorView& vector) {
  int length = 0;
  for (uint32_t i = 0; i < vector.size(); ++i)
    length += static_cast<int>(std::max<size_t>(vector.At(i).positions(), 1));
  return length;
}

}  // namespace adbms::text_search
