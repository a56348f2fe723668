// Steps into jsonb, and texts of what is found there. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/functions/function_catalog.h"
#include "common/types/array.h"
#include "common/types/jsonb.h"

namespace adbms::sql::functions {

// Element `index` of an array, from the end when negative. A scalar alone counts as an array of
// one, as in PostgreSQL.
std::optional<types::Jsonb> JsonbElement(const types::Jsonb& value, int64_t index);

// The index that a step of a path stands for, read as C's strtol does; nothing for anything else.
std::optional<int32_t> PathIndex(std::string_view step);

// One step of a path: a key of an object, an index of an array.
std::optional<types::Jsonb> JsonbStep(const types::Jsonb& value, std::string_view step);

// A string without its quotes, null as nothing, the rest as it is written.
std::optional<std::string> JsonbAsText(const std::optional<types::Jsonb>& value);

// The elements of a text[] of one dimension. Errors: 2202E "wrong number of array subscripts".
absl::StatusOr<std::vector<types::ArrayElement>> PathOf(std::string_view array);

// Stores a result of a kernel's row.
void StoreBytes(std::string_view bytes, uint32_t row, types::Vector* result);

}  // namespace adbms::sql::functions
