// Arithmetic on jsonb's numbers, as PostgreSQL's numeric has it: exact but for quotients, with its
// result scales. Pure functions.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/jsonb_number.h"

namespace adbms::types {

enum class JsonbArithmetic { kAdd, kSubtract, kMultiply, kDivide, kModulo };

// Told of the bytes that have been handled since the last time; an error ends the work.
using JsonbWorkCheck = std::function<absl::Status(size_t)>;

// The result's text. Errors: 22012, 22003 "value overflows numeric format", and the check's.
absl::StatusOr<std::string> ComputeJsonb(JsonbArithmetic op, const JsonbNumber& a,
                                         const JsonbNumber& b, const JsonbWorkCheck& check);

// The text of -a; of |a|.
std::string NegateJsonb(JsonbNumber number);
std::string AbsoluteJsonb(JsonbNumber number);
// The text of the whole number that is next to it, above or below.
std::string CeilingJsonb(const JsonbNumber& number);
std::string FloorJsonb(const JsonbNumber& number);

}  // namespace adbms::types
