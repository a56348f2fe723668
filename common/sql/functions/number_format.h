// to_char templates for numbers (PostgreSQL's manual, 9.8).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/types/decimal.h"

namespace adbms::sql::functions {

// Errors: 42601 for a malformed template, 0A000 for EEEE and RN.
absl::StatusOr<std::string> FormatNumber(const types::Decimal& value, std::string_view format);

}  // namespace adbms::sql::functions
