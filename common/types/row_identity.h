// tid: the identity of a row within its table, which ctid gives: the row's key, for as long as the
// row keeps it. It has no block and offset, as PostgreSQL's has. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace adbms::types {

// "(0x8000002a)".
void FormatRowIdentity(std::string_view key, std::string* out);
// What FormatRowIdentity writes. Errors: 22P02; 0A000 for a block and offset.
absl::StatusOr<std::string> ParseRowIdentity(std::string_view text);

}  // namespace adbms::types
