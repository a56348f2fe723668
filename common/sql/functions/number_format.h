// to_char templates for numbers (PostgreSQL's manual, 9.8).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/types/decimal.h"

namespace adbms::sql::functions {

// Errors: 54000 for a template, of numbers or of times, that is longer than any that means
// something (64 KiB): what it is read into takes many times as much.
absl::Status CheckTemplate(std::string_view format);

// Errors: 42601 for a malformed template, 0A000 for RN with other patterns; 22003 and 0A000 for
// what RN takes for no integer.
absl::StatusOr<std::string> FormatNumber(const types::DecimalView& value, std::string_view format);
// The same of integer and the floating-point types. `digits`: how many the type holds; a fraction
// past them is not shown.
absl::StatusOr<std::string> FormatFloating(double value, std::string_view format, int digits);

// to_number. Errors: 22P02 when no digit is found, 0A000 for EEEE and RN.
absl::StatusOr<types::Decimal> ParseNumber(std::string_view text, std::string_view format);

}  // namespace adbms::sql::functions
