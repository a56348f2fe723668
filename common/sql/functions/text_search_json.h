// The texts in json and jsonb that text search looks at. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/type.h"

namespace adbms::sql::functions {

struct JsonParts {
  bool strings = false, numbers = false, booleans = false, keys = false;
};

// A jsonb of names: "string", "numeric", "boolean", "key", "all", one or an array. Errors: 22023.
absl::StatusOr<JsonParts> JsonPartsOf(std::string_view names);

// Tells of them in the order of the document. Errors: 22P02 and 22P05 for escapes in json that
// stand for no characters, and the callback's.
absl::Status ForEachJsonPart(std::string_view document, types::TypeId type, const JsonParts& parts,
                             absl::FunctionRef<absl::Status(std::string_view part)> tell);

// The document with all its strings changed: json without blanks, or jsonb.
absl::StatusOr<std::string> MapJsonStrings(
    std::string_view document, types::TypeId type,
    absl::FunctionRef<absl::StatusOr<std::string>(std::string_view text)> change);

}  // namespace adbms::sql::functions
